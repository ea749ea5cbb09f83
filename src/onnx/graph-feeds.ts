import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import { asNumbers, asStrings } from "../table/cast.ts";
import type { Table } from "../table/table.ts";
import { listInWords, setCell, setList, shapeOfList } from "./cells.ts";
import type { RowProblem } from "./rows.ts";
import type { GraphBinding, GraphInput } from "./signature.ts";
import { filling, type GraphTensor, type GraphTensors, holds, rangeInWords } from "./tensor.ts";

type Row = Readonly<Record<string, Json | undefined>>;

/** Rows that can share a run: their lists have the same shapes. */
export interface FedRows {
  /** Places in the list of rows. */
  readonly places: readonly number[];
  readonly feeds: GraphTensors;
}

/**
 * Rows as people send them, as inputs of an imported graph with the rows along axis 0. A row with a problem is in no group;
 * rows are in one group unless the graph leaves sizes open and theirs differ.
 */
export function rowsToFeeds(
  binding: GraphBinding,
  rows: readonly Row[],
): { readonly groups: readonly FedRows[]; readonly problems: readonly RowProblem[] } {
  const problems: RowProblem[] = [];
  const groups = groupsOf(binding, rows, problems).map((places): FedRows => {
    const feeds = feedsOf(binding, rows, places, problems);
    const wrong = new Set(problems.map(({ row }) => row));
    if (!places.some((row) => wrong.has(row))) return { places, feeds };
    const right = places.filter((row) => !wrong.has(row));
    return { places: right, feeds: right.length === 0 ? {} : feedsOf(binding, rows, right, []) };
  });
  return { groups: groups.filter(({ places }) => places.length > 0), problems };
}

function feedsOf(
  binding: GraphBinding,
  rows: readonly Row[],
  places: readonly number[],
  problems: RowProblem[],
): GraphTensors {
  const feeds: Record<string, GraphTensor> = {};
  for (const input of binding.inputs) {
    const cell = cellShape(binding, input, rows[places[0]!]!);
    const width = (cell ?? [input.columns.length]).reduce((size, d) => size * d, 1);
    const filled = filling(input.type, width * places.length);
    places.forEach((row, r) => {
      const fields = rows[row]!;
      input.columns.forEach((column, k) => {
        const value = fields[column];
        const expected =
          cell === undefined
            ? setCell(filled, r * width + k, value, input)
            : setList(filled, r * width, value, cell, input);
        if (expected !== undefined) problems.push({ row, column, value: brief(value), expected });
      });
    });
    feeds[input.name] = filled.done([places.length, ...(cell ?? scalarDims(input))]);
  }
  return feeds;
}

/** Of [N] and [N,K]. */
const scalarDims = ({ shape, columns }: GraphInput): number[] =>
  shape.length === 1 ? [] : [columns.length];

/** Shape of the list in a cell, with sizes that the graph leaves open taken from the first row; undefined: cells are values. */
function cellShape(binding: GraphBinding, input: GraphInput, first: Row): number[] | undefined {
  const open = openShape(binding, input);
  if (open === undefined) return undefined;
  const seen = shapeOfList(first[input.columns[0]!]);
  return open.map((d, axis) => d ?? seen[axis] ?? 0);
}

/** Shape of the lists in an input's one column; undefined when its columns hold single values. */
function openShape(
  { whole }: GraphBinding,
  { shape, columns }: GraphInput,
): readonly (number | null)[] | undefined {
  if (whole) return shape;
  const [, ...rest] = shape;
  const scalar = rest.length === 0 || (rest.length === 1 && rest[0] === columns.length);
  return scalar ? undefined : rest;
}

/** Places of rows whose lists have the same shapes; rows whose lists cannot be right are problems. */
function groupsOf(
  binding: GraphBinding,
  rows: readonly Row[],
  problems: RowProblem[],
): readonly (readonly number[])[] {
  const lists = binding.inputs.flatMap((input) => {
    const shape = openShape(binding, input);
    return shape?.includes(null) ? [{ input, shape }] : [];
  });
  if (lists.length === 0) return rows.length === 0 ? [] : [rows.map((_, i) => i)];
  const groups = new Map<string, number[]>();
  rows.forEach((fields, row) => {
    let fits = true;
    const key = lists.map(({ input, shape }) => {
      const column = input.columns[0]!;
      const seen = shapeOfList(fields[column]);
      const least = input.least ?? 0;
      if (seen.length !== shape.length || seen.at(-1)! < least) {
        const more = least > 0 ? `, ${least} values at least` : "";
        const expected = listInWords(shape) + more;
        problems.push({ row, column, value: brief(fields[column]), expected });
        fits = false;
      }
      return seen.join("x");
    });
    if (!fits) return;
    const group = groups.get(key.join());
    if (group) group.push(row);
    else groups.set(key.join(), [row]);
  });
  return [...groups.values()];
}

function brief(value: Json | undefined): Json {
  if (value === undefined) return null;
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  return typeof value === "string" && value.length > 100 ? `${value.slice(0, 100)}…` : value;
}

/**
 * A table's rows as inputs of an imported graph. Throws `unsupported` when the graph takes lists in a cell, which no column
 * holds, and `invalid_data` naming row and column where a whole number is needed.
 */
export function tableToFeeds(
  binding: GraphBinding,
  table: Table,
  { from, to }: { readonly from: number; readonly to: number },
): GraphTensors {
  const feeds: Record<string, GraphTensor> = {};
  for (const input of binding.inputs) {
    const { type, columns, keys } = input;
    if (openShape(binding, input) !== undefined)
      throw new MillwrightError(
        "unsupported",
        `The model takes a list in each cell of '${columns[0]}' (${listInWords(openShape(binding, input)!)}); a table's columns hold single values. Ask it through the gateway.`,
      );
    const filled = filling(type, columns.length * (to - from));
    columns.forEach((name, k) => {
      const column = table.columns.get(name);
      if (type === "string") {
        const { codes, dictionary } = asStrings(column, table.rows);
        for (let i = from; i < to; i++)
          if (codes[i]! >= 0) filled.set((i - from) * columns.length + k, dictionary[codes[i]!]!);
        return;
      }
      const values = asNumbers(column, table.rows);
      for (let i = from; i < to; i++) {
        const value = values[i]!;
        if (Number.isNaN(value) && keys) continue;
        if (!holds(type, value))
          throw new MillwrightError(
            "invalid_data",
            `Row ${i + 1}, ${name}: ${value} should be ${rangeInWords(type)}.`,
          );
        filled.set((i - from) * columns.length + k, value);
      }
    });
    feeds[input.name] = filled.done([to - from, ...scalarDims(input)]);
  }
  return feeds;
}
