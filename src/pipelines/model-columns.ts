import type { Schema } from "../datasets/schema.ts";
import type { Signature } from "../onnx/signature.ts";
import type { FeatureColumn } from "../training/training-spec.ts";

/** What decides how the columns of a graph are called. */
export interface NamedBy {
  /** As its file names them without help. */
  readonly signature: Pick<Signature, "columns">;
  /** By its author. */
  readonly wished?: readonly string[] | undefined;
  /** By the signature that was logged with it. */
  readonly logged?: readonly string[] | undefined;
  /** Of the dataset it is judged on, if there is one: all columns but the target, and those models are trained on, in its order. */
  readonly dataset?: { readonly all: readonly string[]; readonly features: readonly string[] };
}

export interface ColumnNames {
  /** undefined: as the file says. */
  readonly names: readonly string[] | undefined;
  /** What was assumed, in words. */
  readonly note?: string;
}

/**
 * Names for the columns of an imported graph. Several inputs are named in the file; a matrix has none, and takes MLflow's rule:
 * the values of the table, in the order of its columns. That order is the logged signature's, else the dataset's.
 */
export function columnNames({ signature, wished, logged, dataset }: NamedBy): ColumnNames {
  if (wished !== undefined) return { names: wished };
  const own = signature.columns.map(({ name }) => name);
  const [only] = signature.columns;
  // An input of any width is one column until it is told how many it has.
  const open = own.length === 1 && only?.role === "tensor" && only.shape.length === 1;
  const fits = (names: readonly string[]) => names.length === own.length || open;
  if (logged !== undefined) {
    const same = logged.length === own.length && logged.every((name) => own.includes(name));
    return same || !fits(logged) ? { names: undefined } : { names: logged };
  }
  if (dataset === undefined || own.every((name) => dataset.all.includes(name)))
    return { names: undefined };
  const names = [dataset.features, dataset.all].find(fits);
  return names === undefined
    ? { names: undefined }
    : {
        names,
        note: `its columns have no names: they were taken as ${listed(names)}, in this order`,
      };
}

/** Why a model's columns cannot be filled from a dataset, in words; undefined: they can. */
export function columnMisfit(
  { columns }: Pick<Signature, "columns">,
  { schema, target }: { readonly schema: Schema; readonly target: string },
): string | undefined {
  const types = new Map(schema.columns.map(({ name, type }) => [name, type]));
  const names = columns.map(({ name }) => name);
  if (names.includes(target)) return `it takes the column ${target}, which it is to predict`;
  const missing = names.filter((name) => !types.has(name));
  if (missing.length > 0)
    return `it takes ${listed(missing)}, which the dataset does not have (it has ${listed([...types.keys()])}). Log it with a signature whose columns are named as the dataset's: signature=infer_signature(X)`;
  const list = columns.find(({ role }) => role === "tensor");
  if (list) return `it takes a list in each cell of ${list.name}, which no column of a table holds`;
  const text = columns.filter(
    ({ name, role }) => role === "numeric" && types.get(name) === "string",
  );
  if (text.length > 0)
    return `it takes numbers in ${listed(text.map(({ name }) => name))}, where the dataset has text. Put the encoding into the pipeline that is exported`;
  return undefined;
}

/** The columns a model takes, as features: what the schema says of them, as far as the graph agrees. */
export const featuresTaken = (
  { columns }: Pick<Signature, "columns">,
  features: readonly FeatureColumn[],
): FeatureColumn[] =>
  columns.map(({ name, role }) => {
    const known = features.find((feature) => feature.name === name);
    return known ?? { name, role: role === "numeric" ? "numeric" : "category" };
  });

const listed = (names: readonly string[]): string =>
  names.length <= 12
    ? names.join(", ")
    : `${names.slice(0, 12).join(", ")} and ${names.length - 12} more`;
