import { betaQuantile } from "./distributions.ts";
import { betaIncomplete } from "./special.ts";

/** A share of which is known: so many successes, so many failures (both not negative). */
export interface ArmRecord {
  readonly wins: number;
  readonly losses: number;
}

/** Quantiles of each arm that cut the line: an arm has at most 1/CELLS of its mass in a piece. */
const CELLS = 96;

/**
 * P(arm k has the highest success rate) under independent Beta(1 + wins, 1 + losses): the shares with which Thompson sampling
 * (Thompson 1933) plays the arms while the records stand. Σ over pieces of the line of (mass of k) × Π (mass of the others
 * below), the pieces being cut at quantiles of every arm; error below 1e-3 (golden: scipy's quadrature). Sums to 1.
 */
export function bestProbabilities(arms: readonly ArmRecord[]): number[] {
  const betas = arms.map(({ wins, losses }) => ({ a: 1 + wins, b: 1 + losses }));
  const cuts = new Set<number>([0, 1]);
  for (const { a, b } of betas) for (const p of PROBES) cuts.add(betaQuantile(p, a, b));
  const line = Float64Array.from(cuts).sort();
  const below = betas.map(({ a, b }) => line.map((x) => betaIncomplete(x, a, b)));
  const shares = betas.map(() => 0);
  for (let i = 1; i < line.length; i++)
    for (let k = 0; k < shares.length; k++) {
      let product = below[k]![i]! - below[k]![i - 1]!;
      if (product === 0) continue;
      for (let j = 0; j < shares.length; j++)
        if (j !== k) product *= (below[j]![i]! + below[j]![i - 1]!) / 2;
      shares[k] = shares[k]! + product;
    }
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

const PROBES: readonly number[] = [
  1e-9,
  1e-6,
  1e-4,
  ...Array.from({ length: CELLS - 1 }, (_, i) => (i + 1) / CELLS),
  1 - 1e-4,
  1 - 1e-6,
  1 - 1e-9,
];
