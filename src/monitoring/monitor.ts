import type { Report } from "../evaluation/report.ts";
import { valueInWords } from "../evaluation/wording.ts";
import type { Scores, Target } from "../lib/task.ts";
import type { Profile } from "../stats/profile.ts";
import { missingChanges, usualVolumes, volumeChange } from "./completeness.ts";
import {
  type EstimatedPerformance,
  estimatedBinaryPerformance,
  estimatedRegressionError,
} from "./estimated-performance.ts";
import type { ErrorRise, WindowFindings } from "./finding.ts";
import { addFindings, type Incident, type IncidentStep } from "./incident.ts";
import { type ModelReference, predictionProfile, rowErrors } from "./model-reference.ts";
import { addErrors, NO_ERRORS, type PageHinkley } from "./page-hinkley.ts";
import { windowPerformance } from "./performance.ts";
import { addWindow, NO_HISTORY, type Persistence, persistent } from "./persistence.ts";
import { type WatchedRule, windowAbstention } from "./window-abstention.ts";
import { type CalibrationCache, type FeatureDrift, windowDrift } from "./window-drift.ts";
import type { MonitoringWindow } from "./windows.ts";

/** What monitoring remembers of a model between windows. Plain JSON; begin anew with every champion. */
export interface MonitorState {
  readonly persistence: Persistence;
  readonly volumes: readonly { readonly start: number; readonly rows: number }[];
  readonly errors: PageHinkley;
  readonly open: readonly Incident[];
}

export const FRESH_MONITOR: MonitorState = {
  persistence: NO_HISTORY,
  volumes: [],
  errors: NO_ERRORS,
  open: [],
};

export interface WatchInput {
  readonly state: MonitorState;
  readonly reference: ModelReference;
  /** The evaluation the model was accepted with. */
  readonly report: Report;
  readonly window: MonitoringWindow;
  /** Raw inputs of the window's predictions. An empty window has rows 0 and no columns. */
  readonly inputs: Profile;
  /** The champion's predictions in the window. */
  readonly scores: Scores;
  readonly classes?: readonly string[];
  /** Of the version, when it has one. */
  readonly abstention?: WatchedRule | undefined;
  /** Rows of any age whose label came since the last window, in order of time. */
  readonly labelled: { readonly scores: Scores; readonly target: Target };
  /** Kept by the caller as long as the reference stays the same. */
  readonly cache: CalibrationCache;
  readonly seed: number;
}

/** Judges one complete window, after all before it. Deterministic for a seed. */
export function watchWindow(input: WatchInput): {
  readonly found: WindowFindings;
  readonly state: MonitorState;
  readonly incidents: IncidentStep;
} {
  const { state, reference, window, inputs } = input;
  const features = windowDrift({
    references: reference.features,
    window: inputs.columns,
    ...(reference.importance === undefined ? {} : { importance: reference.importance }),
    cache: input.cache,
    seed: input.seed,
  });
  const prediction = predictionDrift(input);
  const performance = windowPerformance({
    report: input.report,
    ...input.labelled,
    seed: input.seed,
  });
  const rise = errorRise(input);
  const persistence = addWindow(state.persistence, {
    ...claims(features),
    ...(prediction === undefined ? {} : claims([prediction])),
    ...(performance === undefined ? {} : { [PERFORMANCE]: performance.worse }),
  });
  const lasting = persistent(persistence);
  const found: WindowFindings = {
    window,
    rows: inputs.rows,
    features,
    persistent: lasting.filter((name) => name !== PREDICTION && name !== PERFORMANCE),
    prediction,
    predictionPersistent: lasting.includes(PREDICTION),
    missing: missingChanges(reference.features, inputs.columns, inputs.rows),
    volume: volumeChange(inputs.rows, usualVolumes(state.volumes, window)),
    performance,
    performancePersistent: lasting.includes(PERFORMANCE),
    errorRise: rise.found,
    estimated: performance === undefined ? estimates(input, features) : [],
    ...(input.abstention === undefined
      ? {}
      : {
          abstention: windowAbstention(input.abstention, {
            ...input,
            inflation: reference.prediction?.inflation ?? 1,
          }),
        }),
  };
  const incidents = addFindings(state.open, found);
  const volumes = [...state.volumes, { start: window.start, rows: inputs.rows }].slice(
    -KEPT_VOLUMES,
  );
  return {
    found,
    incidents,
    state: { persistence, volumes, errors: rise.state, open: incidents.open },
  };
}

/** As they read in sentences. */
const PREDICTION = "the prediction";
const PERFORMANCE = "the performance";
/** Four weeks of hours. */
const KEPT_VOLUMES = 672;
/** Standardised errors are cut here, so that one huge error is not a change. */
const LARGEST_ERROR = 5;

const claims = (drift: readonly FeatureDrift[]): Record<string, boolean> =>
  Object.fromEntries(drift.filter((d) => d.enough).map((d) => [d.feature, d.drifted]));

function predictionDrift(input: WatchInput): FeatureDrift | undefined {
  const reference = input.reference.prediction;
  if (reference === undefined || input.scores.rows === 0) return undefined;
  const profile = predictionProfile(input.reference.task, input.scores, input.classes);
  const [drift] = windowDrift({
    references: { [PREDICTION]: reference },
    window: { [PREDICTION]: profile },
    cache: input.cache,
    seed: input.seed,
  });
  return drift;
}

function errorRise({ state, reference, labelled }: WatchInput): {
  readonly state: PageHinkley;
  readonly found: ErrorRise | undefined;
} {
  const { mean, sd } = reference.error;
  const errors = rowErrors(reference.task, labelled.scores, labelled.target);
  const unit = sd > 0 ? sd : Math.abs(mean) || 1;
  const { state: next, changes } = addErrors(
    state.errors,
    errors.map((error) => Math.min(LARGEST_ERROR, (error - mean) / unit)),
  );
  const known = errors.filter((error) => !Number.isNaN(error));
  const now = known.reduce((sum, error) => sum + error, 0) / known.length;
  // A change of the stream back towards the promise is no loss.
  if (changes.length === 0 || !(now > mean)) return { state: next, found: undefined };
  const metric = reference.task === "regression" ? "mae" : "brier";
  return {
    state: next,
    found: {
      metric,
      before: mean,
      now,
      rows: known.length,
      words: `errors rose beyond chance (Page–Hinkley): ${metric} ${valueInWords(now)} on ${known.length} labelled rows, ${valueInWords(mean)} on held-out rows`,
    },
  };
}

function estimates(
  { reference, report, scores, seed }: WatchInput,
  drift: readonly FeatureDrift[],
): readonly EstimatedPerformance[] {
  if (scores.rows < 100 || reference.task === "multiclass") return [];
  if (reference.task === "binary")
    return estimatedBinaryPerformance({ report, probabilities: scores.values, drift, seed });
  const error = estimatedRegressionError({ report, predictions: scores.values, drift, seed });
  return error === undefined ? [] : [error];
}
