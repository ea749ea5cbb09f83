import type { Json } from "../lib/json.ts";
import { random } from "../lib/random.ts";
import type { Target, Task } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Column, Table } from "../table/table.ts";

/** Rows that stand for the training data in explanations. */
export const BACKGROUND_ROWS = 200;
/** A regression target is stratified by this many parts of equal size. */
const PARTS = 10;
/** Longer text is not read by the encoders. */
const MOST_CHARACTERS = 10_000;

/**
 * Rows drawn at random, as many from each class as its share (at least one); for a number, from each tenth of its values.
 * In ascending order; the same for the same seed.
 */
export function stratifiedRows(
  target: Target,
  task: Task,
  seed: number,
  count: number = BACKGROUND_ROWS,
): Uint32Array {
  const rows = Uint32Array.from(target.keys());
  const drawn = random(`background/${seed}`);
  if (rows.length <= count) return rows;
  const strata = task === "regression" ? tenths(target) : byClass(target);
  const picked: number[] = [];
  // The smallest first: shares rounded up cost the largest class a row, never a rare one its only one.
  for (const stratum of strata.toSorted((a, b) => a.length - b.length)) {
    const wanted = Math.max(1, Math.round((count * stratum.length) / rows.length));
    picked.push(...drawn.shuffle(stratum).slice(0, wanted));
  }
  return Uint32Array.from(picked.slice(0, count)).sort();
}

function tenths(target: Target): number[][] {
  const order = [...target.keys()].sort((a, b) => target[a]! - target[b]! || a - b);
  const size = Math.ceil(order.length / PARTS);
  return Array.from({ length: PARTS }, (_, p) => order.slice(p * size, (p + 1) * size));
}

function byClass(target: Target): number[][] {
  const rows = new Map<number, number[]>();
  target.forEach((y, i) => {
    const own = rows.get(y) ?? [];
    rows.set(y, own);
    own.push(i);
  });
  return [...rows].sort((a, b) => a[0] - b[0]).map(([, own]) => own);
}

/** The model's columns of a table as rows that `rowsToTable` reads back: times in seconds, what is missing left out. */
export function backgroundRows(
  signature: Pick<Signature, "columns">,
  table: Table,
): Readonly<Record<string, Json>>[] {
  return Array.from({ length: table.rows }, (_, row) => {
    const fields: Record<string, Json> = {};
    for (const { name } of signature.columns) {
      const value = cellOf(table.columns.get(name), row);
      if (value !== null) fields[name] = value;
    }
    return fields;
  });
}

function cellOf(column: Column | undefined, row: number): Json {
  if (column === undefined) return null;
  if (column.type === "string") {
    const code = column.codes[row]!;
    return code < 0 ? null : column.dictionary[code]!.slice(0, MOST_CHARACTERS);
  }
  const value = column.values[row]!;
  return Number.isFinite(value) ? value : null;
}
