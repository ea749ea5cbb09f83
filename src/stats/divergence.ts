/**
 * Distances between two discrete distributions given as counts over the same cells. Each normalises its inputs;
 * an empty input gives NaN. Cells empty on both sides do not matter.
 */

/** Half the summed absolute difference of shares, 0..1: the largest difference in probability of any event. */
export function totalVariation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [na, nb] = [total(a), total(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! / na - b[i]! / nb);
  return sum / 2;
}

/** Jensen–Shannon distance with base-2 logarithms, 0..1: the square root of the divergence (scipy.spatial.distance.jensenshannon, base 2). */
export function jensenShannonDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [na, nb] = [total(a), total(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const p = a[i]! / na;
    const q = b[i]! / nb;
    const m = (p + q) / 2;
    if (p > 0) sum += p * Math.log2(p / m);
    if (q > 0) sum += q * Math.log2(q / m);
  }
  return Math.sqrt(Math.max(0, sum / 2));
}

/** Population stability index Σ (q - p) ln(q / p), 0..∞. Empty cells count as 1e-4 (the custom of credit scoring). */
export function populationStabilityIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [na, nb] = [total(a), total(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 0 && b[i] === 0) continue;
    const p = Math.max(a[i]! / na, 1e-4);
    const q = Math.max(b[i]! / nb, 1e-4);
    sum += (q - p) * Math.log(q / p);
  }
  return na > 0 && nb > 0 ? sum : Number.NaN;
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  return sum > 0 ? sum : Number.NaN;
}
