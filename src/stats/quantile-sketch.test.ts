import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { empiricalQuantile } from "./empirical.ts";
import {
  mergeQuantileSketches,
  type QuantileSketch,
  quantileSketchOf,
  sketchedDistribution,
} from "./quantile-sketch.ts";

const weightOf = ({ levels }: QuantileSketch): number =>
  levels.reduce((sum, level, l) => sum + level.length * 2 ** l, 0);

/** Largest difference between asked and found rank, as a share. */
function worstRank(sketch: QuantileSketch, sorted: Float64Array): number {
  const distribution = sketchedDistribution(sketch);
  let worst = 0;
  for (let p = 0.01; p < 1; p += 0.01) {
    const found = empiricalQuantile(distribution, p);
    // The ranks that the found value holds, ties included.
    const below = firstAfter(sorted, (value) => value >= found) / sorted.length;
    const upTo = firstAfter(sorted, (value) => value > found) / sorted.length;
    worst = Math.max(worst, below - p, p - upTo);
  }
  return worst;
}

function firstAfter(sorted: Float64Array, is: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (is(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

describe("quantile sketches", () => {
  test("merged in any order, of parts of any size, keep ranks within 2 % at k = 256, and every value's weight", () => {
    const rng = random("sketch");
    const shapes: readonly ((i: number, n: number) => number)[] = [
      (i) => i,
      (i, n) => n - i,
      (i) => (i % 2 === 0 ? i : -i),
      () => Math.exp(3 * rng.normal()),
      () => Math.floor(5 * rng.next()),
    ];
    let worst = 0;
    for (let round = 0; round < 20; round++) {
      const n = 20_000 + rng.int(30_000);
      const values = Float64Array.from({ length: n }, (_, i) =>
        shapes[round % shapes.length]!(i, n),
      );
      const parts: QuantileSketch[] = [];
      for (let at = 0; at < n; ) {
        const size = 1 + rng.int(round % 2 === 0 ? 300 : 9000);
        parts.push(quantileSketchOf(values.subarray(at, at + size), 256));
        at += size;
      }
      // Any tree of merges.
      while (parts.length > 1) {
        const [a] = parts.splice(rng.int(parts.length), 1);
        const [b] = parts.splice(rng.int(parts.length), 1);
        parts.push(mergeQuantileSketches(a!, b!));
      }
      const [merged] = parts;
      expect(merged!.n).toBe(n);
      expect(weightOf(merged!)).toBe(n);
      expect(merged!.levels.reduce((sum, level) => sum + level.length, 0)).toBeLessThan(1000);
      worst = Math.max(worst, worstRank(merged!, values.slice().sort()));
    }
    expect(worst).toBeLessThan(0.02);
  });

  test("of few values are the values", () => {
    const merged = mergeQuantileSketches(
      quantileSketchOf([3, 1]),
      quantileSketchOf([2, Number.NaN]),
    );
    expect(merged).toEqual({ k: 1000, n: 3, levels: [[1, 2, 3]] });
  });
});
