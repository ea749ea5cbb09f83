import { predictedClass } from "../evaluation/confusion.ts";
import { knownRows, takeScores } from "../evaluation/known-rows.ts";
import { brier } from "../evaluation/metrics/brier.ts";
import { mae } from "../evaluation/metrics/mae.ts";
import type { Scores, Target, Task } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { momentsOf, sdOf } from "../stats/moments.ts";
import { type ColumnProfile, type Profile, profileColumn, profileTable } from "../stats/profile.ts";
import { numberColumn, stringColumn, type Table, takeRows } from "../table/table.ts";
import { DEFAULT_CATEGORY_TEST, DEFAULT_NUMBER_TEST } from "./drift/all.ts";
import { ownVariation } from "./own-variation.ts";
import {
  type FeatureReference,
  featureReference,
  referenceSample,
  windowSample,
} from "./reference.ts";
import { rowsByWindow, type WindowUnit } from "./windows.ts";

/** What a model version is watched against: made once after training, stored as JSON with the version. */
export interface ModelReference {
  readonly task: Task;
  readonly rows: number;
  readonly features: Readonly<Record<string, FeatureReference>>;
  readonly prediction: FeatureReference | undefined;
  /** Share of the model's importance by input column; absent when the trainer knows none. */
  readonly importance?: Readonly<Record<string, number>>;
  /** Per held-out row: absolute error (regression) or Brier score. */
  readonly error: { readonly mean: number; readonly sd: number };
}

export interface ModelReferenceInput {
  readonly task: Task;
  /** The training rows: the raw columns the model reads. */
  readonly table: Table;
  /** What columns are, where the schema says so; guessed from the profile otherwise. */
  readonly roles?: Readonly<Record<string, string>>;
  /** When each row happened, ms since 1970, and how long a window will be: finds out how much windows vary by themselves. */
  readonly time?: { readonly timesMs: ArrayLike<number>; readonly unit: WindowUnit };
  readonly importance?: Readonly<Record<string, number>>;
  readonly heldOut: { readonly scores: Scores; readonly target: Target };
  /**
   * What live predictions are compared with: best out of fold on the training rows, and on the held-out rows, each with its time. The
   * held-out predictions alone when absent: they cover few windows, so seasons then look like drift of the predictions.
   */
  readonly predictions?: { readonly scores: Scores; readonly timesMs: ArrayLike<number> };
  readonly classes?: readonly string[];
  readonly seed: number;
}

/** Costs 15 to 65 ms a column and window size. Deterministic for a seed. */
export function modelReference(input: ModelReferenceInput): ModelReference {
  const whole = profileTable(input.table);
  const windows = windowProfiles(input);
  const features: Record<string, FeatureReference> = {};
  for (const [name, profile] of Object.entries(whole.columns)) {
    const role = input.roles?.[name];
    const reference = featureReference(
      profile,
      role === "category" || role === "text" ? role : undefined,
    );
    if (reference === undefined) continue;
    const own = windows.map((window) => window.columns[name]!);
    features[name] = {
      ...reference,
      inflation: inflationOf(reference, own, `${input.seed}/${name}`),
    };
  }
  const { scores, target } = input.heldOut;
  return {
    task: input.task,
    rows: input.table.rows,
    features,
    prediction: predictionReference(input, averageInflation(features, input.importance ?? {})),
    ...(input.importance === undefined ? {} : { importance: input.importance }),
    error: errorOf(input.task, scores, target),
  };
}

function predictionReference(
  input: ModelReferenceInput,
  inputsInflation: number,
): FeatureReference | undefined {
  const { task, classes, predictions, time } = input;
  const scores = predictions?.scores ?? input.heldOut.scores;
  const reference = featureReference(predictionProfile(task, scores, classes), "category");
  if (reference === undefined) return undefined;
  if (predictions === undefined || time === undefined)
    return { ...reference, inflation: inputsInflation };
  const windows = rowsByWindow(predictions.timesMs, time.unit).map(({ rows }) =>
    predictionProfile(task, takeScores(scores, rows), classes),
  );
  return { ...reference, inflation: inflationOf(reference, windows, `${input.seed}/predictions`) };
}

/** Predictions as a column: the number, the probability of the positive class, or the class. */
export function predictionProfile(
  task: Task,
  scores: Scores,
  classes?: readonly string[],
): ColumnProfile {
  if (task !== "multiclass") return profileColumn(numberColumn(scores.values));
  const names = Array.from({ length: scores.rows }, (_, row) => {
    const k = predictedClass(scores, row);
    return classes?.[k] ?? String(k);
  });
  return profileColumn(stringColumn(names));
}

/** Errors per row in the unit of `ModelReference.error`; NaN without label. */
export function rowErrors(task: Task, scores: Scores, target: Target): Float64Array {
  const known = knownRows(target);
  const metric = task === "regression" ? mae : brier;
  const errors = metric.perRow!(takeScores(scores, known), valuesAt(target, known));
  const out = new Float64Array(target.length).fill(Number.NaN);
  for (const [i, row] of known.entries()) out[row] = errors[i]!;
  return out;
}

/** Importance of encoded features ("received_at:hour", "country~target") summed by the column they come from: the longest name they begin with. */
export function importanceByColumn(
  importance: ReadonlyMap<string, number>,
  columns: readonly string[],
): Readonly<Record<string, number>> {
  const byLength = [...columns].sort((a, b) => b.length - a.length);
  const sums: Record<string, number> = {};
  for (const [feature, share] of importance) {
    const column = byLength.find((name) => feature.startsWith(name));
    if (column !== undefined) sums[column] = (sums[column] ?? 0) + share;
  }
  return sums;
}

function windowProfiles({ table, time }: ModelReferenceInput): readonly Profile[] {
  if (time === undefined) return [];
  return rowsByWindow(time.timesMs, time.unit).map(({ rows }) =>
    profileTable(takeRows(table, rows)),
  );
}

function inflationOf(
  reference: FeatureReference,
  windows: readonly ColumnProfile[],
  seed: string,
): number {
  return ownVariation({
    test: reference.type === "number" ? DEFAULT_NUMBER_TEST : DEFAULT_CATEGORY_TEST,
    reference: referenceSample(reference),
    windows: windows.flatMap((window) => windowSample(reference, window) ?? []),
    seed,
  });
}

/** Predictions vary with the inputs: their own variation is taken as the inputs', weighted by importance. */
function averageInflation(
  features: Readonly<Record<string, FeatureReference>>,
  importance: Readonly<Record<string, number>>,
): number {
  let sum = 0;
  let total = 0;
  for (const [name, { inflation }] of Object.entries(features)) {
    sum += (inflation ?? 1) * (importance[name] ?? 0);
    total += importance[name] ?? 0;
  }
  return total > 0 ? Math.max(1, sum / total) : 1;
}

function errorOf(task: Task, scores: Scores, target: Target): ModelReference["error"] {
  const moments = momentsOf(rowErrors(task, scores, target));
  return { mean: moments.mean, sd: sdOf(moments) };
}
