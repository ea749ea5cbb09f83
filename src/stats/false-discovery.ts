/**
 * Benjamini–Hochberg (1995): which of many p-values to believe when, on average, at most a share q of the believed ones may be
 * wrong. `adjusted[i]` is the smallest q at which test i is rejected (statsmodels "fdr_bh"). NaN p-values count as not tested.
 */
export function benjaminiHochberg(
  pValues: readonly number[],
  q = 0.05,
): { readonly rejected: readonly boolean[]; readonly adjusted: readonly number[] } {
  const tested = pValues
    .map((p, index) => ({ p, index }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((a, b) => b.p - a.p);
  const adjusted = pValues.map(() => Number.NaN);
  let smallest = 1;
  for (const [k, { p, index }] of tested.entries()) {
    smallest = Math.min(smallest, (p * tested.length) / (tested.length - k));
    adjusted[index] = smallest;
  }
  return { adjusted, rejected: adjusted.map((a) => a <= q) };
}
