import { chiSquareSf, kolmogorovSf, normalSf, studentSf } from "./distributions.ts";

/** A test's statistic and its p-value. */
export interface TestResult {
  readonly statistic: number;
  readonly p: number;
}

/** Kolmogorov–Smirnov, two samples: the largest gap between the two shares-at-or-below, 0..1. Inputs ascending, without NaN. */
function ksStatistic(a: Float64Array, b: Float64Array): number {
  let i = 0;
  let j = 0;
  let gap = 0;
  while (i < a.length && j < b.length) {
    const x = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i] === x) i += 1;
    while (j < b.length && b[j] === x) j += 1;
    gap = Math.max(gap, Math.abs(i / a.length - j / b.length));
  }
  return gap;
}

/** Asymptotic p-value of the two-sample statistic `d` (continuous data; conservative with ties). */
export const ksTest = (a: Float64Array, b: Float64Array): TestResult => {
  const statistic = ksStatistic(a, b);
  const n = (a.length * b.length) / (a.length + b.length);
  return { statistic, p: kolmogorovSf(Math.sqrt(n) * statistic) };
};

/** Pearson's chi-square on a rows x columns table of counts (no continuity correction). Empty rows and columns are left out. */
export function chiSquareTest(
  table: readonly ArrayLike<number>[],
): TestResult & { readonly df: number } {
  const width = table[0]?.length ?? 0;
  const columnSums = Array.from({ length: width }, (_, j) => table.reduce((s, r) => s + r[j]!, 0));
  const rowSums = table.map((row) => Array.from(row).reduce((s, v) => s + v, 0));
  const total = rowSums.reduce((s, v) => s + v, 0);
  let statistic = 0;
  for (const [i, row] of table.entries())
    for (let j = 0; j < width; j++) {
      const expected = (rowSums[i]! * columnSums[j]!) / total;
      if (expected > 0) statistic += (row[j]! - expected) ** 2 / expected;
    }
  const present = (sums: readonly number[]) => sums.filter((s) => s > 0).length;
  const df = (present(rowSums) - 1) * (present(columnSums) - 1);
  return { statistic, df, p: df > 0 ? chiSquareSf(statistic, df) : 1 };
}

/** Do observed counts follow the expected shares? `shares` sum to 1 (scipy.stats.chisquare). */
export function goodnessOfFit(counts: readonly number[], shares: readonly number[]): TestResult {
  const total = counts.reduce((s, v) => s + v, 0);
  let statistic = 0;
  for (const [i, count] of counts.entries()) {
    const expected = total * shares[i]!;
    statistic += expected > 0 ? (count - expected) ** 2 / expected : count > 0 ? Infinity : 0;
  }
  return { statistic, p: chiSquareSf(statistic, counts.length - 1) };
}

/** Two shares, pooled z, two-sided (statsmodels proportions_ztest). */
export function proportionTest(x1: number, n1: number, x2: number, n2: number): TestResult {
  const pooled = (x1 + x2) / (n1 + n2);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  if (error === 0) return { statistic: 0, p: 1 };
  const statistic = (x1 / n1 - x2 / n2) / error;
  return { statistic, p: 2 * normalSf(Math.abs(statistic)) };
}

/** Welch's t for two means with unequal variances, two-sided, from means, variances (n - 1) and sizes. */
export function welchTest(
  a: { readonly mean: number; readonly variance: number; readonly n: number },
  b: { readonly mean: number; readonly variance: number; readonly n: number },
): TestResult & { readonly df: number } {
  const [va, vb] = [a.variance / a.n, b.variance / b.n];
  if (va + vb === 0)
    return {
      statistic: a.mean === b.mean ? 0 : Infinity,
      df: a.n + b.n - 2,
      p: a.mean === b.mean ? 1 : 0,
    };
  const statistic = (a.mean - b.mean) / Math.sqrt(va + vb);
  const df = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1));
  return { statistic, df, p: 2 * studentSf(Math.abs(statistic), df) };
}
