/** Count, mean and sum of squared deviations, with extremes: enough for mean and variance of a union (Chan et al. 1979). JSON as it stands. */
export interface Moments {
  readonly n: number;
  readonly mean: number;
  /** Σ (x - mean)². */
  readonly m2: number;
  /** 0 when n = 0. */
  readonly min: number;
  readonly max: number;
}

const NO_MOMENTS: Moments = { n: 0, mean: 0, m2: 0, min: 0, max: 0 };

/** Of finite values only; NaN and infinities are skipped. Welford's update, stable for large offsets. */
export function momentsOf(values: ArrayLike<number>): Moments {
  let n = 0;
  let mean = 0;
  let m2 = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (!Number.isFinite(x)) continue;
    n += 1;
    const delta = x - mean;
    mean += delta / n;
    m2 += delta * (x - mean);
    if (x < min) min = x;
    if (x > max) max = x;
  }
  return n === 0 ? NO_MOMENTS : { n, mean, m2, min, max };
}

export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.n === 0) return b;
  if (b.n === 0) return a;
  const n = a.n + b.n;
  const delta = b.mean - a.mean;
  return {
    n,
    mean: a.mean + (delta * b.n) / n,
    m2: a.m2 + b.m2 + (delta * delta * a.n * b.n) / n,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** Unbiased standard deviation; 0 below two values. */
export const sdOf = (m: Moments): number => (m.n < 2 ? 0 : Math.sqrt(m.m2 / (m.n - 1)));
