/** Sums over plain numbers. NaN marks missing and is skipped where a function says so; otherwise it spreads. */

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Σ w x / Σ w; the plain mean without weights. */
export function weightedMean(values: ArrayLike<number>, weights?: ArrayLike<number>): number {
  if (weights === undefined) return mean(values);
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
  }
  return sum / total;
}

/** Unbiased (n - 1) variance, two passes. NaN for fewer than two values. */
export function variance(values: ArrayLike<number>): number {
  const m = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - m) ** 2;
  return values.length < 2 ? Number.NaN : sum / (values.length - 1);
}

/** The values without NaN, ascending: a new array. */
export function sortedKnown(values: ArrayLike<number>): Float64Array {
  const kept = new Float64Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isNaN(value)) kept[n++] = value;
  }
  return kept.slice(0, n).sort();
}

/** Linear interpolation between order statistics (Hyndman & Fan type 7, numpy's default). `sorted` ascending; NaN when empty. */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = Math.min(1, Math.max(0, p)) * (sorted.length - 1);
  const low = Math.floor(at);
  const a = sorted[low]!;
  const b = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return a === b ? a : a + (at - low) * (b - a);
}

export const median = (values: ArrayLike<number>): number => quantile(sortedKnown(values), 0.5);
