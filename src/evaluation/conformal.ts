/**
 * Split conformal prediction (Vovk, Gammerman and Shafer 2005; Lei et al., JASA 113, 2018): the ⌈(n + 1) · coverage⌉-th smallest of n
 * scores of rows nobody trained on. A further row exchangeable with them has a score at most this in at least `coverage` of the
 * cases, and in at most coverage + 1/(n + 1) when no two scores are equal. Infinity with too few rows (`fewestScores`).
 */
export function conformalQuantile(scores: Float64Array, coverage: number): number {
  const rank = Math.ceil((scores.length + 1) * coverage - 1e-9);
  return rank > scores.length ? Number.POSITIVE_INFINITY : scores.slice().sort()[rank - 1]!;
}

/** With fewer no finite quantile promises `coverage`. */
export const fewestScores = (coverage: number): number => Math.ceil(1 / (1 - coverage) - 1 - 1e-9);
