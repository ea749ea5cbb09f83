import { type Table, takeRows } from "../table/table.ts";
import type { Encoder, EncodingStyle } from "../training/encoding/encoding.ts";
import { fitEncoder } from "../training/encoding/fit-encoder.ts";
import { columnNamed, targetOf } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { PART } from "./parts.ts";

/** Learned once from a sample of everybody's training rows: members differ in what follows from a feature, not in what it is. */
export interface Features {
  readonly smooth: Encoder;
  readonly tree: Encoder;
}

/** Rows of a chunk or the base, with their target and parts. */
export interface PartedRows {
  readonly table: Table;
  readonly target: Float64Array;
  readonly parts: Int8Array;
}

export function partedRows(spec: TrainingSpec, table: Table): PartedRows {
  const parts = columnNamed(table, PART);
  return {
    table,
    target: targetOf(columnNamed(table, spec.target), spec.task, spec.classes),
    parts: Int8Array.from(parts.type === "string" ? [] : parts.values),
  };
}

export function featuresOf(spec: TrainingSpec, base: PartedRows): Features {
  const fit = (style: EncodingStyle) =>
    fitEncoder({
      ...{ table: base.table, columns: spec.columns, target: base.target },
      ...{ task: spec.task, classes: spec.classes.length, style, seed: spec.seed },
    }).encoder;
  return { smooth: fit("smooth"), tree: fit("tree") };
}

export const takeParted = (rows: PartedRows, from: number, to: number): PartedRows => {
  const places = Uint32Array.from({ length: to - from }, (_, i) => from + i);
  return {
    table: takeRows(rows.table, places),
    target: rows.target.slice(from, to),
    parts: rows.parts.slice(from, to),
  };
};
