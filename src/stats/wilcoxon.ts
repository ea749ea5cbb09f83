import { normalSf } from "./distributions.ts";
import { ranks } from "./ranks.ts";

/** Up to so many differences without ties the distribution is counted out. */
const MOST_COUNTED = 30;

/**
 * Wilcoxon's signed-rank test (1945), one-sided: the probability that differences symmetric around 0 are as far above it as these.
 * Zeros are left out. Exact without ties up to 30 differences, else the normal approximation with corrections for ties and
 * continuity, as scipy.stats.wilcoxon(alternative="greater"). 1 when nothing is left.
 */
export function signedRankGreater(differences: ArrayLike<number>): number {
  const kept = Float64Array.from(differences).filter((d) => d !== 0 && !Number.isNaN(d));
  const n = kept.length;
  if (n === 0) return 1;
  const rank = ranks(kept.map(Math.abs));
  let plus = 0;
  kept.forEach((d, i) => {
    if (d > 0) plus += rank[i]!;
  });
  const ties = tieSum(rank);
  if (n <= MOST_COUNTED && ties === 0) return exactUpper(n, plus);
  const mean = (n * (n + 1)) / 4;
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  return normalSf((plus - mean - 0.5 * Math.sign(plus - mean)) / Math.sqrt(variance));
}

/** Sum of t^3 - t over groups of equal ranks. */
function tieSum(rank: Float64Array): number {
  const sizes = new Map<number, number>();
  for (const r of rank) sizes.set(r, (sizes.get(r) ?? 0) + 1);
  let sum = 0;
  for (const t of sizes.values()) sum += t ** 3 - t;
  return sum;
}

/** P(W+ >= plus): of all signs of the ranks 1..n, the share whose positive ones sum to that. */
function exactUpper(n: number, plus: number): number {
  const most = (n * (n + 1)) / 2;
  let ways = new Float64Array(most + 1);
  ways[0] = 1;
  for (let r = 1; r <= n; r++) {
    const next = ways.slice();
    for (let s = r; s <= most; s++) next[s]! += ways[s - r]!;
    ways = next;
  }
  let upper = 0;
  for (let s = plus; s <= most; s++) upper += ways[s]!;
  return upper / 2 ** n;
}
