import { type Fold, folds } from "../datasets/folds.ts";
import { split } from "../datasets/split.ts";
import type { SplitColumns } from "../datasets/strata.ts";
import { MillwrightError } from "../errors.ts";
import { rowsWhere } from "../lib/rows-where.ts";
import type { Target, Task } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { type Column, type Table, takeRows } from "../table/table.ts";
import type { TrainingSpec } from "./training-spec.ts";

/** Rows whose target is known, divided into training and final test. */
export interface TrainingData {
  readonly table: Table;
  /** No NaN. */
  readonly target: Target;
  readonly train: Uint32Array;
  readonly test: Uint32Array;
  /** Why it is divided this way, in words. */
  readonly splitReason: string;
}

/** Between the seeds of two dealings of the same rows. */
const REPEAT = 7919;

/** Of a table, by the spec that was asked last: each of many candidates asks, and of millions of rows the answer takes longer than its fit. */
const dataOf = new WeakMap<Table, { readonly spec: string; readonly data: TrainingData }>();
const foldsOf = new WeakMap<TrainingData, Map<string, Fold[]>>();

/** Deterministic for (table, spec): every thread that computes it gets the same rows. Kept with the table; not to be written to. */
export function trainingData(spec: TrainingSpec, all: Table): TrainingData {
  const asked = JSON.stringify(spec);
  const kept = dataOf.get(all);
  if (kept?.spec === asked) return kept.data;
  const data = divided(spec, all);
  dataOf.set(all, { spec: asked, data });
  return data;
}

function divided(spec: TrainingSpec, all: Table): TrainingData {
  const allTargets = targetOf(columnNamed(all, spec.target), spec.task, spec.classes);
  const known = rowsWhere(all.rows, (row) => !Number.isNaN(allTargets[row]));
  const complete = known.length === all.rows;
  const table = complete ? all : takeRows(all, known);
  const target = complete ? allTargets : valuesAt(allTargets, known);
  const parts = split({
    ...splitColumns(spec, table, target),
    kind: spec.split,
    testShare: spec.testShare,
  });
  return { table, target, train: parts.train, test: parts.test, splitReason: parts.reason };
}

/**
 * Rounds of the race within the training part; row numbers are those of `data.table`. A round whose training or judging rows
 * hold a single class says nothing and is left out (the first weeks of a log, for example); when none is left, rows are dealt
 * to the rounds class by class, whatever their time.
 */
export function trainingFolds(spec: TrainingSpec, data: TrainingData, count: number): Fold[] {
  const known = foldsOf.get(data) ?? new Map<string, Fold[]>();
  foldsOf.set(data, known);
  const asked = `${count} ${JSON.stringify(spec)}`;
  const made = known.get(asked) ?? dealt(spec, data, count);
  known.set(asked, made);
  return made;
}

function dealt(spec: TrainingSpec, data: TrainingData, count: number): Fold[] {
  const target = valuesAt(data.target, data.train);
  const looked = [spec.time, spec.key].filter((name) => name !== undefined);
  const needed = new Map(looked.map((name) => [name, columnNamed(data.table, name)]));
  const table = takeRows({ rows: data.table.rows, columns: needed }, data.train);
  const columns = splitColumns(spec, table, target);
  const tells = (rows: Uint32Array) =>
    spec.task === "regression" || rows.some((row) => target[row] !== target[rows[0]!]);
  const repeats = Array.from({ length: spec.repeats ?? 1 }, (_, r) => columns.seed + r * REPEAT);
  const usable = (kind: TrainingSpec["split"]) =>
    repeats
      .flatMap((seed) => folds({ ...columns, seed, kind, k: count }))
      .filter(({ train, test }) => tells(train) && tells(test));
  const found = usable(spec.split);
  const inTable = (rows: Uint32Array) => rows.map((position) => data.train[position]!);
  return (found.length > 0 ? found : usable("stratified")).map((fold) => ({
    train: inTable(fold.train),
    test: inTable(fold.test),
  }));
}

/** @throws invalid_data when the time column holds no times. */
export function splitColumns(spec: TrainingSpec, table: Table, target: Target): SplitColumns {
  const time = spec.time === undefined ? undefined : columnNamed(table, spec.time);
  if (time && time.type !== "time")
    throw new MillwrightError(
      "invalid_data",
      `The time column "${spec.time}" holds no dates; write them as 2026-03-01 or 2026-03-01T12:00:00Z, or name another column.`,
    );
  return {
    rows: table.rows,
    seed: spec.seed,
    time: time?.values,
    key: spec.key === undefined ? undefined : columnNamed(table, spec.key),
    target,
  };
}

/** @throws invalid_data naming the columns there are. */
export function columnNamed(table: Table, name: string): Column {
  const column = table.columns.get(name);
  if (column) return column;
  const known = [...table.columns.keys()].slice(0, 30).join(", ");
  throw new MillwrightError(
    "invalid_data",
    `The dataset has no column "${name}". It has: ${known}.`,
  );
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
  const target = new Float64Array(column.codes.length);
  for (let i = 0; i < target.length; i++) {
    const code = column.codes[i]!;
    target[i] = code < 0 ? Number.NaN : codes[code]!;
  }
  return target;
}
