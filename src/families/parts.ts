import { split } from "../datasets/split.ts";
import { unitHash } from "../datasets/strata.ts";
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
  const unit = unitOf(spec, table);
  const parts = Int8Array.from({ length: table.rows }, (_, row) =>
    Math.floor(unitHash(`${spec.seed}/part/${unit(row)}`) * PARTS),
  );
  const { testShare } = spec;
  if (spec.split === "time") {
    const divided = split({ ...splitColumns(spec, table, target), kind: "time", testShare });
    for (const row of divided.test) parts[row] = TEST;
  } else
    for (let row = 0; row < table.rows; row++)
      if (unitHash(`${spec.seed}/test/${unit(row)}`) < testShare) parts[row] = TEST;
  return parts;
}

/** Rows whose target is known. */
export function knownRows(spec: TrainingSpec, table: Table): Table {
  const target = targetOf(columnNamed(table, spec.target), spec.task, spec.classes);
  if (!target.some(Number.isNaN)) return table;
  const known = Uint32Array.from(target.keys()).filter((row) => !Number.isNaN(target[row]!));
  return takeRows(table, known);
}

function unitOf(spec: TrainingSpec, table: Table): (row: number) => string {
  const names = [...spec.columns.map(({ name }) => name), spec.target];
  const texts = names.map((name) => textOf(columnNamed(table, name)));
  const content = (row: number) => texts.map((text) => text(row)).join("\n");
  if (spec.key === undefined) return content;
  const key = textOf(columnNamed(table, spec.key));
  return (row) => key(row) || content(row);
}

/** A cell's text; "" where it is missing. */
export const textOf = (column: Column): ((row: number) => string) =>
  column.type === "string"
    ? (row) => column.dictionary[column.codes[row]!] ?? ""
    : (row) => (Number.isNaN(column.values[row]!) ? "" : String(column.values[row]));
