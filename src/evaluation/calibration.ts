import type { Scores, Target } from "../lib/task.ts";

/** Rows whose predicted probability fell between `from` and `to`: what was promised and what happened. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Mean predicted probability of the positive class. */
  readonly predicted: number;
  /** Share of rows that were positive. */
  readonly observed: number;
}

const BINS = 10;

/** Ten bins of equal width over binary probabilities; empty bins are left out. `rows` is the summed weight. */
export function calibrationBins(
  scores: Scores,
  target: Target,
  weights?: Float64Array,
): readonly CalibrationBin[] {
  const mass = new Float64Array(BINS);
  const predicted = new Float64Array(BINS);
  const observed = new Float64Array(BINS);
  for (let i = 0; i < target.length; i++) {
    const p = scores.values[i]!;
    const bin = Math.min(BINS - 1, Math.floor(p * BINS));
    const w = weights === undefined ? 1 : weights[i]!;
    mass[bin] = mass[bin]! + w;
    predicted[bin] = predicted[bin]! + w * p;
    observed[bin] = observed[bin]! + w * target[i]!;
  }
  return Array.from(mass, (rows, bin) => ({
    from: bin / BINS,
    to: (bin + 1) / BINS,
    rows,
    predicted: predicted[bin]! / rows,
    observed: observed[bin]! / rows,
  })).filter(({ rows }) => rows > 0);
}

/** Expected calibration error: mean distance between promised and observed share, weighted by rows; 0..1 (Naeini et al. 2015). */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const total = bins.reduce((sum, bin) => sum + bin.rows, 0);
  const gaps = bins.reduce((sum, b) => sum + b.rows * Math.abs(b.predicted - b.observed), 0);
  return total > 0 ? gaps / total : Number.NaN;
}
