import { SCORE_COLUMN, TARGET_COLUMN } from "../evaluation/keep-reference.ts";
import type { Report } from "../evaluation/report.ts";
import type { Digest } from "../lib/digest.ts";
import type { Scores, Target } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import { inputTable, type LoggedPrediction } from "../serving/read-log.ts";
import { type ColumnProfile, profileTable } from "../stats/profile.ts";
import { numberColumn, type Table } from "../table/table.ts";
import { targetOf } from "../training/training-data.ts";
import { missingChanges, volumeChange } from "./completeness.ts";
import type { WindowFindings } from "./finding.ts";
import { windowPerformance } from "./performance.ts";
import { addWindow, NO_HISTORY, type Persistence, persistent } from "./persistence.ts";
import { type FeatureReference, featureReference } from "./reference.ts";
import { type CalibrationCache, type FeatureDrift, windowDrift } from "./window-drift.ts";
import type { MonitoringWindow } from "./windows.ts";

const PREDICTION = "prediction";

export interface WatchInput {
  readonly window: MonitoringWindow;
  /** The champion's answers in the window. */
  readonly predictions: readonly LoggedPrediction[];
  readonly signature: Signature;
  /** Parquet of `keepReference`. */
  readonly reference: Digest;
  readonly report: Report;
  /** Share of importance by raw column. */
  readonly importance: Readonly<Record<string, number>>;
  /** Rows of the windows before, oldest first. */
  readonly volumes: readonly number[];
  readonly persistence: Persistence;
  readonly seed: number;
}

export interface WatchDeps {
  readonly loadTable: (data: Digest) => Promise<Table>;
  /** Kept between calls: thresholds are resampled once per feature and window size. */
  readonly calibrations: (reference: Digest) => CalibrationCache;
}

/** Compares a window with what was normal when the version was judged. */
export async function watchWindow(
  deps: WatchDeps,
  input: WatchInput,
): Promise<WindowFindings & { readonly persistence: Persistence }> {
  const { signature, predictions } = input;
  const references = referencesOf(await deps.loadTable(input.reference), signature);
  const table = withPrediction(inputTable(predictions, signature.columns), predictions);
  const window = profileTable(table).columns as Readonly<Record<string, ColumnProfile>>;
  const drifts = windowDrift({
    references,
    window,
    importance: { ...input.importance, [PREDICTION]: 1 },
    cache: deps.calibrations(input.reference),
    seed: input.seed,
  });
  const features = drifts.filter((drift) => drift.feature !== PREDICTION);
  const prediction = drifts.find((drift) => drift.feature === PREDICTION);
  const claims = drifts.filter((drift) => drift.enough);
  const persistence = addWindow(
    input.persistence ?? NO_HISTORY,
    Object.fromEntries(claims.map((drift: FeatureDrift) => [drift.feature, drift.drifted])),
  );
  const lasting = persistent(persistence);
  const { [PREDICTION]: _, ...inputs } = references;
  return {
    window: input.window,
    rows: predictions.length,
    features,
    persistent: lasting.filter((feature) => feature !== PREDICTION),
    prediction,
    predictionPersistent: lasting.includes(PREDICTION),
    missing: missingChanges(inputs, window, predictions.length),
    volume: volumeChange(predictions.length, input.volumes),
    performance: windowPerformance({
      report: input.report,
      scores: scoresOf(predictions, signature),
      target: truthsOf(predictions, signature),
      seed: input.seed,
    }),
    estimated: [],
    persistence,
  };
}

function referencesOf(table: Table, signature: Signature): Record<string, FeatureReference> {
  const profiles = profileTable(table).columns as Readonly<Record<string, ColumnProfile>>;
  const found: Record<string, FeatureReference> = {};
  for (const { name, role } of signature.columns) {
    const profile = profiles[name];
    const reference =
      profile && featureReference(profile, role === "category" || role === "text" ? role : undefined);
    if (reference) found[name] = reference;
  }
  const score = profiles[`${SCORE_COLUMN}0`];
  const reference = score && featureReference(score);
  if (reference) found[PREDICTION] = reference;
  return found;
}

function withPrediction(table: Table, predictions: readonly LoggedPrediction[]): Table {
  const first = numberColumn(predictions.map((p) => p.output[0] ?? Number.NaN));
  return { rows: table.rows, columns: new Map([...table.columns, [PREDICTION, first]]) };
}

/** The logged outputs as scores. */
export function scoresOf(predictions: readonly LoggedPrediction[], signature: Signature): Scores {
  const width = signature.task === "multiclass" ? signature.classes.length : 1;
  const values = new Float64Array(predictions.length * width);
  predictions.forEach((p, i) => {
    values.set(p.output.slice(0, width), i * width);
  });
  return { rows: predictions.length, width, values };
}

/** What really happened, NaN where nobody knows yet. */
export function truthsOf(predictions: readonly LoggedPrediction[], signature: Signature): Target {
  if (signature.task === "regression")
    return Float64Array.from(predictions, (p) => (p.truth ? Number(p.truth.label) : Number.NaN));
  const index = new Map(signature.classes.map((name, i) => [name, i]));
  return Float64Array.from(predictions, (p) => (p.truth ? (index.get(String(p.truth.label)) ?? Number.NaN) : Number.NaN));
}
