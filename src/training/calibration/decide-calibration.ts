import type { Target } from "../../lib/task.ts";
import { type Calibration, calibratedAt } from "./calibration.ts";
import { FEWEST_POSITIVES, fitCalibration } from "./fit-calibration.ts";

/** Scores of rows by models that have not seen them, fold by fold. */
export interface OutOfFold {
  readonly probabilities: Float64Array;
  readonly target: Target;
  readonly fold: Uint8Array;
}

/** What was found out about a calibration before anybody relied on it. */
export interface CalibrationReport {
  readonly method: Calibration["kind"];
  readonly applied: boolean;
  readonly rows: number;
  readonly positives: number;
  /** On folds that it was not fitted on. */
  readonly logLoss: BeforeAfter;
  /** Expected calibration error, ten bins of equal width. */
  readonly ece: BeforeAfter;
  /** In words. */
  readonly reason: string;
}

interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

const BINS = 10;

/**
 * Fits on out-of-fold scores, and keeps what was fitted only if the log loss falls on held folds: those of one fold are judged by a
 * calibration of the others.
 */
export function decideCalibration(scores: OutOfFold): {
  readonly calibration: Calibration | null;
  readonly report: CalibrationReport;
} {
  const { probabilities, target, fold } = scores;
  const held = new Float64Array(target.length);
  for (const own of new Set(fold)) {
    const others = fold.map((f) => Number(f !== own));
    const of = (values: Float64Array) => values.filter((_, i) => others[i] === 1);
    const fitted = fitCalibration(of(probabilities), of(target));
    fold.forEach((f, i) => {
      if (f === own) held[i] = calibratedAt(fitted, probabilities[i]!);
    });
  }
  const calibration = fitCalibration(probabilities, target);
  const logLoss = { before: lossOf(probabilities, target), after: lossOf(held, target) };
  const rises = calibration.kind === "isotonic" || calibration.slope > 0;
  const applied = logLoss.after < logLoss.before && rises;
  const positives = target.reduce((sum, y) => sum + y, 0);
  const method =
    calibration.kind === "isotonic"
      ? `isotonic (${positives} positive rows)`
      : `a sigmoid (fewer than ${FEWEST_POSITIVES} positive rows: ${positives})`;
  const figures = `${logLoss.before.toFixed(4)} to ${logLoss.after.toFixed(4)}`;
  return {
    calibration: applied ? calibration : null,
    report: {
      ...{ method: calibration.kind, applied, rows: target.length, positives, logLoss },
      ece: { before: errorOf(probabilities, target), after: errorOf(held, target) },
      reason: applied
        ? `Calibrated by ${method}: the log loss on held folds falls from ${figures}.`
        : `Not calibrated: by ${method} the log loss on held folds would go from ${figures}.`,
    },
  };
}

function lossOf(probabilities: Float64Array, target: Target): number {
  let sum = 0;
  target.forEach((y, i) => {
    const p = y === 1 ? probabilities[i]! : 1 - probabilities[i]!;
    sum -= Math.log(Math.max(1e-15, p));
  });
  return sum / target.length;
}

/** As the metric `ece` (evaluation/calibration.ts), which training does not know. */
function errorOf(probabilities: Float64Array, target: Target): number {
  const gaps = new Float64Array(BINS);
  probabilities.forEach((p, i) => {
    gaps[Math.min(BINS - 1, Math.floor(p * BINS))]! += p - target[i]!;
  });
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / target.length;
}
