import { ranks } from "./ranks.ts";

/**
 * Area under the ROC curve with its variance, and for two models scored on the same rows their covariance
 * (DeLong et al. 1988, by midranks: Sun & Xu 2014, O(n log n)).
 */
export interface Auc {
  readonly auc: number;
  readonly variance: number;
  readonly positives: number;
  readonly negatives: number;
}

interface Components {
  readonly auc: number;
  /** Per positive row: share of negatives it beats. Per negative row: share of positives that beat it. */
  readonly positive: Float64Array;
  readonly negative: Float64Array;
}

/** Auc of `scores` for 0/1 `target`; NaN when a class is absent, variance NaN when a class has fewer than two rows. */
export function delong(scores: Float64Array, target: Float64Array): Auc {
  const c = components(scores, target);
  return {
    auc: c.auc,
    variance: covariance(c, c),
    positives: c.positive.length,
    negatives: c.negative.length,
  };
}

/** Difference auc(a) - auc(b) on the same rows and the variance of that difference. */
export function delongDifference(
  a: Float64Array,
  b: Float64Array,
  target: Float64Array,
): { readonly difference: number; readonly variance: number } {
  const ca = components(a, target);
  const cb = components(b, target);
  return {
    difference: ca.auc - cb.auc,
    variance: Math.max(0, covariance(ca, ca) + covariance(cb, cb) - 2 * covariance(ca, cb)),
  };
}

function components(scores: Float64Array, target: Float64Array): Components {
  const positiveScores = scores.filter((_, i) => target[i] === 1);
  const negativeScores = scores.filter((_, i) => target[i] === 0);
  const m = positiveScores.length;
  const n = negativeScores.length;
  const pooled = new Float64Array(m + n);
  pooled.set(positiveScores);
  pooled.set(negativeScores, m);
  const all = ranks(pooled);
  const within = ranks(positiveScores);
  const withinNegative = ranks(negativeScores);
  const positive = within.map((r, i) => (all[i]! - r) / n);
  const negative = withinNegative.map((r, j) => 1 - (all[m + j]! - r) / m);
  let sum = 0;
  for (const v of positive) sum += v;
  return { auc: m === 0 || n === 0 ? Number.NaN : sum / m, positive, negative };
}

function covariance(a: Components, b: Components): number {
  const part = (x: Float64Array, y: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += (x[i]! - a.auc) * (y[i]! - b.auc);
    return sum / (x.length - 1) / x.length;
  };
  return part(a.positive, b.positive) + part(a.negative, b.negative);
}
