import { split } from "../datasets/split.ts";
import { hashed, unitHashBegun, unitOfHash } from "../datasets/strata.ts";
import { rowsWhere } from "../lib/rows-where.ts";
import type { Target } from "../lib/task.ts";
import { type Column, type Table, takeRows } from "../table/table.ts";
import { columnNamed, splitColumns, targetOf } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { PARTS } from "./family.ts";

export const TEST = -1;
/** The column of a chunk's rows that says it. */
export const PART = "#part";

/**
 * Which part of the training rows each row belongs to, 0..PARTS-1, or `TEST`. By time: the test is what came last. Else, and for
 * the parts, by a hash of the key or, without one, of the row itself: a row stays where it is when the data grow, so that a model
 * trained earlier has not seen the rows on which it is compared today.
 */
export function partsOf(spec: TrainingSpec, table: Table, target: Target): Int8Array {
  const placeFor = placesOf(spec, table);
  const place = placeFor("part");
  const parts = new Int8Array(table.rows);
  for (let row = 0; row < parts.length; row++) parts[row] = Math.floor(place(row) * PARTS);
  const { testShare } = spec;
  if (spec.split === "time") {
    const divided = split({ ...splitColumns(spec, table, target), kind: "time", testShare });
    for (const row of divided.test) parts[row] = TEST;
  } else {
    const tested = placeFor("test");
    for (let row = 0; row < table.rows; row++) if (tested(row) < testShare) parts[row] = TEST;
  }
  return parts;
}

/** Rows whose target is known. */
export function knownRows(spec: TrainingSpec, table: Table): Table {
  const target = targetOf(columnNamed(table, spec.target), spec.task, spec.classes);
  const known = rowsWhere(table.rows, (row) => !Number.isNaN(target[row]!));
  return known.length === table.rows ? table : takeRows(table, known);
}

/** For a purpose, where in [0, 1) each row is: by its key or, without one, by what is in it. */
function placesOf(spec: TrainingSpec, table: Table) {
  const names = [...spec.columns.map(({ name }) => name), spec.target];
  const texts = names.map((name) => textOf(columnNamed(table, name)));
  const keyOf = spec.key === undefined ? undefined : textOf(columnNamed(table, spec.key));
  return (purpose: string) => {
    const start = unitHashBegun(`${spec.seed}/${purpose}/`);
    return (row: number): number => {
      const key = keyOf?.(row);
      if (key) return unitOfHash(hashed(start, key));
      // Piece by piece: making a text of the whole row first took twice as long.
      let h = hashed(start, texts[0]!(row));
      for (let j = 1; j < texts.length; j++) h = hashed(hashed(h, "\n"), texts[j]!(row));
      return unitOfHash(h);
    };
  };
}

/** A cell's text; "" where it is missing. */
export const textOf = (column: Column): ((row: number) => string) =>
  column.type === "string"
    ? (row) => column.dictionary[column.codes[row]!] ?? ""
    : (row) => (Number.isNaN(column.values[row]!) ? "" : String(column.values[row]));
