import type { Random } from "../lib/random.ts";

/** Draws cells by weight in constant time (Walker's alias method, Vose 1991), and counts them. */
export interface WeightedDraw {
  /** How often each cell came up in n draws with replacement. The array is reused by the next call. */
  counts(n: number, rng: Random): Float64Array;
}

/** `weights` not negative, with a positive sum. One random number a draw: fine up to about a million cells. */
export function weightedDraw(weights: ArrayLike<number>): WeightedDraw {
  const cells = weights.length;
  let total = 0;
  for (let i = 0; i < cells; i++) total += weights[i]!;
  const keep = Float64Array.from(weights, (w) => (w * cells) / total);
  const alias = new Uint32Array(cells);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < cells; i++) (keep[i]! < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const low = small.pop()!;
    const high = large.pop()!;
    alias[low] = high;
    keep[high] = keep[high]! - (1 - keep[low]!);
    (keep[high]! < 1 ? small : large).push(high);
  }
  // What is left misses 1 by rounding only.
  for (const i of [...small, ...large]) keep[i] = 1;

  const counts = new Float64Array(cells);
  return {
    counts(n, rng) {
      counts.fill(0);
      for (let k = 0; k < n; k++) {
        const u = rng.next() * cells;
        const cell = Math.floor(u);
        const drawn = u - cell < keep[cell]! ? cell : alias[cell]!;
        counts[drawn] = counts[drawn]! + 1;
      }
      return counts;
    },
  };
}
