import { MillwrightError } from "../errors.ts";
import type { PlainValue } from "./cut-maps.ts";
import { refuse } from "./model-file.ts";
import type { GraphInput, GraphType, SignatureColumn } from "./signature.ts";
import { typeOfElement } from "./tensor.ts";

/** How the rows of a foreign graph lie in its inputs. */
export interface RowForm {
  /** false: the graph has no axis of rows: one row is one run, and a cell a whole input. */
  readonly rows: boolean;
  /** Rows of one run; null = any number. */
  readonly batch: number | null;
  readonly inputs: readonly GraphInput[];
  readonly columns: readonly SignatureColumn[];
}

/** A wider input is one column with a list in its cell. */
const MAX_COLUMNS = 2000;

/**
 * Axis 0 of every input is the rows, if all agree on their number. Then [N] and [N,1] are a column, [N,K] are K columns, and
 * anything else is a column whose cells are nested lists.
 * @param names of all columns, in the order of the inputs; else the keys of a map, else `<input>` and `<input>.<k>`.
 * Throws `invalid_input` when there are more or fewer names than columns.
 */
export function rowForm(
  inputs: readonly PlainValue[],
  options: {
    readonly names?: readonly string[] | undefined;
    readonly suggested?: readonly string[] | undefined;
    /** Runs have shown that rows change each other: every request is a run of its own. */
    readonly whole?: boolean | undefined;
    /** Runs have shown that a graph exported for a fixed number of rows takes any. */
    readonly free?: boolean | undefined;
    /** Values that a row of an input needs at least, where its width is open. */
    readonly least?: ReadonlyMap<string, number> | undefined;
  },
): RowForm {
  const batch = options.whole ? undefined : batchOf(inputs);
  if (batch === undefined)
    return {
      ...{ rows: false, batch: 1 },
      inputs: inputs.map((input) => ({
        ...{
          name: input.name,
          type: typeOf(input),
          shape: sizes(input.shape),
          columns: [input.name],
        },
      })),
      columns: inputs.map(({ name, shape }) => ({ name, role: "tensor", shape: sizes(shape) })),
    };
  const size = options.free ? null : batch;
  const [only] = inputs;
  const widths = inputs.map((input) =>
    widthOf(input, inputs.length === 1 ? options.names?.length : undefined),
  );
  const scalars = widths.every((width) => width !== undefined);
  const total = widths.reduce<number>((sum, width) => sum + (width ?? 1), 0);
  if (options.names && options.names.length !== total)
    throw new MillwrightError(
      "invalid_input",
      `There are ${options.names.length} column names, but the model takes ${total} columns (${inputs.map(({ name }, i) => `${name}: ${widths[i] ?? 1}`).join(", ")}).`,
    );
  const suggested = scalars && options.suggested?.length === total ? options.suggested : undefined;
  const own = inputs.flatMap((input, i) => namesOf(input, widths[i], only === input));
  const names = options.names ?? suggested ?? own;
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new MillwrightError(
      "invalid_input",
      `Two columns would be called ${JSON.stringify(twice)}: name all ${total} with --columns.`,
    );
  let at = 0;
  const columns: SignatureColumn[] = [];
  const bound = inputs.map((input, i): GraphInput => {
    const mine = names.slice(at, at + (widths[i] ?? 1));
    at += mine.length;
    const [, ...rest] = sizes(input.shape);
    const type = typeOf(input);
    for (const name of mine)
      columns.push(
        widths[i] === undefined
          ? { name, role: "tensor", shape: rest }
          : { name, role: type === "string" ? "category" : "numeric" },
      );
    // An input of [N, any] with named columns is as wide as there are names.
    const shape = [size, ...(widths[i] !== undefined && rest.length === 1 ? [mine.length] : rest)];
    return {
      name: input.name,
      type,
      shape,
      columns: mine,
      ...(input.keys ? { keys: input.keys } : {}),
      ...leastOf(input, mine.length, options.least),
    };
  });
  return { rows: true, batch: size, inputs: bound, columns };
}

/** null = any; undefined = the inputs have no common axis of rows. */
function batchOf(inputs: readonly PlainValue[]): number | null | undefined {
  const first = inputs.filter(({ map }) => !map).map(({ shape }) => shape?.[0]);
  if (first.some((d) => d === undefined)) return undefined;
  if (first.every((d) => typeof d === "string")) return null;
  return first.every((d) => d === first[0]) ? (first[0] as number) : undefined;
}

/** Throws `invalid_input` when there are fewer columns than the graph looks at. */
function leastOf(
  { name, shape = [] }: PlainValue,
  columns: number,
  least: ReadonlyMap<string, number> | undefined,
): { readonly least?: number } {
  const width = least?.get(name);
  const has = shape[1];
  if (width === undefined || shape.length !== 2) return {};
  if (typeof has === "number") {
    if (has >= width) return {};
    throw refuse(
      `looks at column ${width} of input '${name}', which has ${has}: the file is damaged, or was put together wrongly. Export it again`,
    );
  }
  if (columns > 1 && columns < width)
    throw new MillwrightError(
      "invalid_input",
      `There are ${columns} column names, but the model looks at ${width} columns of '${name}' at least.`,
    );
  return columns > 1 ? {} : { least: width };
}

/** Columns of one input; undefined: its cells are lists. */
function widthOf({ shape = [] }: PlainValue, named: number | undefined): number | undefined {
  const [, width, ...more] = shape;
  if (more.length > 0) return undefined;
  if (width === undefined) return 1;
  if (typeof width === "string") return named;
  return width <= MAX_COLUMNS ? width : undefined;
}

function namesOf({ name, keys }: PlainValue, width: number | undefined, only: boolean): string[] {
  if (width === undefined) return [name];
  if (keys && only && keys.every((key) => typeof key === "string" && key !== ""))
    return keys.map(String);
  if (keys) return keys.map((key) => `${name}.${key}`);
  return width === 1 ? [name] : Array.from({ length: width }, (_, k) => `${name}.${k}`);
}

export const typeOf = ({ element }: PlainValue): GraphType => typeOfElement(element)!;

export const sizes = (shape: PlainValue["shape"] = []): (number | null)[] =>
  shape.map((d) => (typeof d === "number" ? d : null));
