import { betaIncomplete, erfc, gammaIncomplete, logBeta, logGamma } from "./special.ts";

/** Cumulative probabilities, tail probabilities ("sf") and quantiles of the usual distributions (golden: scipy.stats). */

export const normalCdf = (z: number): number => 0.5 * erfc(-z / Math.SQRT2);
export const normalSf = (z: number): number => 0.5 * erfc(z / Math.SQRT2);

/** Standard normal quantile. Acklam's rational approximation and one Halley step: absolute error below 1e-13 for p in 1e-300..1-1e-16. */
export function normalQuantile(p: number): number {
  if (p <= 0) return p === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (p >= 1) return p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  const tail = p < 0.02425;
  const x = tail ? tailStart(Math.sqrt(-2 * Math.log(p))) : centreStart(p - 0.5);
  const error = (normalCdf(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
  return Number.isFinite(error) ? x - error / (1 + (x * error) / 2) : x;
}

const tailStart = (q: number): number =>
  polynomial(
    q,
    [
      -7.784894002430293e-3, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
      4.374664141464968, 2.938163982698783,
    ],
  ) /
  polynomial(
    q,
    [7.784695709041462e-3, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1],
  );

const centreStart = (q: number): number =>
  (polynomial(
    q * q,
    [
      -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269,
      -30.66479806614716, 2.506628277459239,
    ],
  ) *
    q) /
  polynomial(
    q * q,
    [
      -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972,
      -13.28068155288572, 1,
    ],
  );

function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (const c of coefficients) sum = sum * x + c;
  return sum;
}

/** P(X > x) for X chi-square with `df` degrees of freedom. */
export const chiSquareSf = (x: number, df: number): number => gammaIncomplete(df / 2, x / 2).upper;
export const chiSquareCdf = (x: number, df: number): number => gammaIncomplete(df / 2, x / 2).lower;

export const chiSquareQuantile = (p: number, df: number): number =>
  solve(
    p,
    (x) => chiSquareCdf(x, df),
    0,
    df + 40 * Math.sqrt(2 * df) + 100,
    (x) => Math.exp((df / 2 - 1) * Math.log(x / 2) - x / 2 - logGamma(df / 2)) / 2,
  );

export function studentCdf(t: number, df: number): number {
  if (!Number.isFinite(df)) return normalCdf(t);
  const tail = 0.5 * betaIncomplete(df / (df + t * t), df / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/** P(T > t). */
export const studentSf = (t: number, df: number): number => studentCdf(-t, df);

export function studentQuantile(p: number, df: number): number {
  if (p === 0.5) return 0;
  if (p > 0.5) return -studentQuantile(1 - p, df);
  const x = betaQuantile(2 * p, df / 2, 0.5);
  return -Math.sqrt((df * (1 - x)) / x);
}

export const betaQuantile = (p: number, a: number, b: number): number =>
  solve(
    p,
    (x) => betaIncomplete(x, a, b),
    0,
    1,
    (x) => Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta(a, b)),
  );

/** P(X <= k) for X binomial(n, p). */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return betaIncomplete(1 - p, n - k, k + 1);
}

/** P(X > k) for X binomial(n, p); exact where it is small. */
export function binomialSf(k: number, n: number, p: number): number {
  if (k < 0) return 1;
  if (k >= n) return 0;
  return betaIncomplete(p, k + 1, n - k);
}

/** P(K > x) for the limiting Kolmogorov distribution: 2 Σ (-1)^(j-1) exp(-2 j² x²). */
export function kolmogorovSf(x: number): number {
  if (x <= 0.04) return 1;
  if (x < 1) {
    // The other theta series converges fast for small x.
    let sum = 0;
    for (let j = 1; j <= 40; j += 2) sum += Math.exp((-j * j * Math.PI * Math.PI) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
  }
  let sum = 0;
  for (let j = 1; j <= 100; j++) {
    const term = Math.exp(-2 * j * j * x * x);
    sum += j % 2 === 1 ? term : -term;
    if (term < 1e-18) break;
  }
  return Math.min(1, 2 * sum);
}

/** Newton's method kept inside a bracket: the root of cdf(x) = p in [low, high], for an increasing cdf. */
function solve(
  p: number,
  cdf: (x: number) => number,
  low: number,
  high: number,
  density: (x: number) => number,
): number {
  if (p <= 0) return low;
  if (p >= 1) return high === 1 ? 1 : Number.POSITIVE_INFINITY;
  let [a, b] = [low, high];
  let x = (a + b) / 2;
  for (let i = 0; i < 400; i++) {
    const error = cdf(x) - p;
    if (error === 0) return x;
    if (error > 0) b = x;
    else a = x;
    const newton = x - error / density(x);
    const next = newton > a && newton < b ? newton : (a + b) / 2;
    if (Math.abs(next - x) <= 1e-15 * Math.abs(next)) return next;
    x = next;
  }
  return x;
}
