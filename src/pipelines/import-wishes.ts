import type { Schema } from "../datasets/schema.ts";
import { comparable } from "../evaluation/align-scores.ts";
import { type ImportOptions, importOnnx } from "../onnx/import-onnx.ts";
import type { Signature } from "../onnx/signature.ts";
import type { MlModelWishes } from "../tracking/mlflow/mlmodel.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { columnNames } from "./model-columns.ts";

/** What a model of the project is asked, and on which columns. */
export interface Asked {
  readonly spec: Pick<TrainingSpec, "task" | "target" | "classes" | "columns">;
  readonly schema: Schema;
}

/**
 * How a file is imported: what its author wishes, and, where the project asks for a model of this name, in the words of the
 * project: its target, its positive class, its columns. `options` are plain JSON: the files beside it are not among them. `notes` say
 * what was assumed. Throws as `importOnnx` does.
 */
export function importWishes(
  bytes: Uint8Array,
  given: {
    readonly wishes: MlModelWishes;
    readonly columns?: readonly string[] | undefined;
    readonly external: ReadonlyMap<string, Uint8Array>;
    readonly asked?: Asked | undefined;
  },
): { readonly options: ImportOptions; readonly notes: readonly string[] } {
  const { wishes, external, asked } = given;
  const look = (options: ImportOptions): Signature =>
    importOnnx(bytes, { ...options, external }).signature;
  const { columns: wished, ...others } = wishes;
  let options: ImportOptions = defined(others);
  const { names, note } = columnNames({
    ...{ signature: look(options), wished, logged: given.columns },
    ...(asked ? { dataset: columnsOf(asked) } : {}),
  });
  if (names) options = { ...options, columns: names };
  if (asked) options = { ...options, ...inItsWords(look(options), options, asked.spec) };
  return { options, notes: note === undefined ? [] : [note] };
}

/** Why the answers of a model cannot be judged against the truth of a dataset, in words; undefined: they can. */
export function answerMisfit(
  { task, target, classes }: Signature,
  asked: Asked["spec"],
): string | undefined {
  const own = { task, target, classes };
  if (task === asked.task && comparable(own, asked)) return undefined;
  const question =
    asked.task === "regression"
      ? `a number, ${asked.target}`
      : `one of the classes of ${asked.target}: ${classesInWords(asked.classes)}`;
  if (task === "tensors")
    return `its outputs do not say what they are, and the project asks for ${question}. Say it when the model is logged: metadata={"millwright": {"task": "${asked.task}"${asked.task === "regression" ? "" : ', "classes": […]'}}}`;
  const answer = task === "regression" ? "a number" : `the classes ${classesInWords(classes)}`;
  return `it answers ${answer}, and the project asks for ${question}. If these are the same under other names, say them in the order of the scores when the model is logged: metadata={"millwright": {"classes": […]}}`;
}

function columnsOf({ spec, schema }: Asked) {
  const all = schema.columns.map(({ name }) => name).filter((name) => name !== spec.target);
  return { all, features: spec.columns.map(({ name }) => name) };
}

/** The positive class is the project's, and a lone number of a regression needs no other hint. */
function inItsWords(seen: Signature, options: ImportOptions, spec: Asked["spec"]): ImportOptions {
  const positive = spec.task === "binary" ? spec.classes[1] : undefined;
  const known = positive !== undefined && seen.task === "binary" && seen.classes.includes(positive);
  const number = spec.task === "regression" && seen.task === "tensors" && scored(seen);
  return {
    target: options.target ?? spec.target,
    ...(known && options.positive === undefined ? { positive } : {}),
    ...(number && options.task === undefined ? { task: "regression" as const } : {}),
  };
}

const scored = ({ graph }: Signature): boolean =>
  graph?.outputs.length === 1 && graph.outputs[0]!.shape.slice(1).every((d) => d === 1);

const classesInWords = (classes: readonly string[]): string =>
  classes.length === 0 ? "none" : classes.slice(0, 10).join(", ");

const defined = (wishes: Omit<MlModelWishes, "columns">): ImportOptions =>
  Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined));
