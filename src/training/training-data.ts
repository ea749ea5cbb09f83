import { MillwrightError } from "../errors.ts";
import type { Target, Task } from "../lib/task.ts";
import { split } from "../datasets/split.ts";
import type { Column, Table } from "../table/table.ts";
import type { TrainingSpec } from "./training-spec.ts";

/** A dataset ready to learn from: rows whose target is known, divided into training and final test. */
export interface TrainingData {
  readonly table: Table;
  readonly target: Target;
  readonly train: Uint32Array;
  readonly test: Uint32Array;
  /** Why it is divided this way, in words. */
  readonly splitReason: string;
}

/** Deterministic for (table, spec): every thread that computes it gets the same rows. */
export function trainingData(spec: TrainingSpec, table: Table): TrainingData {
  const column = columnNamed(table, spec.target);
  const target = targetOf(column, spec.task, spec.classes);
  const known = Uint32Array.from(rowsWhere(target, (y) => !Number.isNaN(y)));
  const parts = split({
    rows: known,
    kind: spec.split,
    testShare: spec.testShare,
    time: spec.time === undefined ? undefined : columnNamed(table, spec.time),
    key: spec.key === undefined ? undefined : columnNamed(table, spec.key),
    target,
    task: spec.task,
    seed: spec.seed,
  });
  return { table, target, train: parts.train, test: parts.test, splitReason: parts.reason };
}

function* rowsWhere(target: Target, is: (y: number) => boolean): Generator<number> {
  for (let i = 0; i < target.length; i++) if (is(target[i]!)) yield i;
}

/** @throws invalid_data naming the columns there are. */
export function columnNamed(table: Table, name: string): Column {
  const column = table.columns.get(name);
  if (column) return column;
  const known = [...table.columns.keys()].slice(0, 30).join(", ");
  throw new MillwrightError("invalid_data", `The dataset has no column "${name}". It has: ${known}.`);
}

/** Class index (binary: 1 = classes[1]) or number per row; NaN where missing or, for classes, where the value is none of them. */
export function targetOf(column: Column, task: Task, classes: readonly string[]): Target {
  if (task === "regression") {
    if (column.type !== "number")
      throw new MillwrightError("invalid_data", "A regression target must be a number column.");
    return column.values;
  }
  const index = new Map(classes.map((name, i) => [name, i]));
  if (column.type !== "string")
    return Float64Array.from(column.values, (v) => index.get(String(v)) ?? Number.NaN);
  const codes = column.dictionary.map((name) => index.get(name) ?? Number.NaN);
  return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : codes[code]!));
}
