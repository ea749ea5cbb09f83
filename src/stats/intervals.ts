import { betaQuantile, normalQuantile, studentQuantile } from "./distributions.ts";

/** A value with the range that holds the truth with the stated confidence (95 % unless told otherwise). */
export interface Interval {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** Wilson's score interval for a share (Wilson 1927): close to its stated cover for any n, never outside 0..1. n = 0 gives 0..1 with value NaN. */
export function wilson(successes: number, n: number, confidence = 0.95): Interval {
  if (n <= 0) return { value: Number.NaN, lower: 0, upper: 1 };
  const z = normalQuantile(0.5 + confidence / 2);
  const p = successes / n;
  const centre = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return {
    value: p,
    lower: successes <= 0 ? 0 : Math.max(0, (centre - half) / scale),
    upper: successes >= n ? 1 : Math.min(1, (centre + half) / scale),
  };
}

/** Clopper–Pearson's exact interval for a share: covers at least as often as stated, wider than Wilson's. Used where a promise is kept (abstention precision). */
export function clopperPearson(successes: number, n: number, confidence = 0.95): Interval {
  if (n <= 0) return { value: Number.NaN, lower: 0, upper: 1 };
  const tail = (1 - confidence) / 2;
  return {
    value: successes / n,
    lower: successes <= 0 ? 0 : betaQuantile(tail, successes, n - successes + 1),
    upper: successes >= n ? 1 : betaQuantile(1 - tail, successes + 1, n - successes),
  };
}

/** Student's interval for a mean, from a mean and its standard error with `df` degrees of freedom (Infinity = normal). */
export function aroundMean(
  value: number,
  standardError: number,
  df: number,
  confidence = 0.95,
): Interval {
  const p = 0.5 + confidence / 2;
  const half = standardError * (Number.isFinite(df) ? studentQuantile(p, df) : normalQuantile(p));
  return { value, lower: value - half, upper: value + half };
}
