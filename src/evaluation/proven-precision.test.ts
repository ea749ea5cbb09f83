import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { conformalQuantile, fewestScores } from "./conformal.ts";
import { type Claims, fewestRows, lowerBound, lowestProven } from "./proven-precision.ts";

/** Claims whose chance to be right is `chance(score)`, scores uniform. */
function claims(rows: number, seed: number, chance: (score: number) => number): Claims {
  const rng = random(seed).split("claims");
  const scores = Float64Array.from({ length: rows }, () => rng.next());
  return { scores, right: Uint8Array.from(scores, (s) => (rng.next() < chance(s) ? 1 : 0)) };
}

/** Precision of all rows from a threshold on, by numbers. */
function precisionFrom(threshold: number, chance: (score: number) => number): number {
  const steps = 2000;
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += chance(threshold + ((1 - threshold) * (i + 0.5)) / steps);
  return sum / steps;
}

describe("the lowest proven threshold", () => {
  test("needs as many rows as the bound says: 299 right ones of 299 prove 99 %", () => {
    expect(fewestRows(0.99)).toBe(299);
    const all = (n: number): Claims => ({
      scores: Float64Array.from({ length: n }, (_, i) => i),
      right: new Uint8Array(n).fill(1),
    });
    expect(lowestProven(all(298), 0.99)).toBeUndefined();
    expect(lowestProven(all(299), 0.99)).toMatchObject({ threshold: 0, rows: 299, right: 299 });
    expect(lowestProven(all(299), 0.99)!.lower).toBeGreaterThanOrEqual(0.99);
    expect(lowestProven(all(0), 0.9)).toBeUndefined();
  });

  test("its bound is Clopper and Pearson's, one-sided", () => {
    // scipy.stats.beta.ppf(0.05, k, n - k + 1)
    expect(lowerBound(299, 299)).toBeCloseTo(0.9900308532071007, 10);
    expect(lowerBound(480, 500)).toBeCloseTo(0.9424044378844489, 10);
  });

  test("rows with equal scores stay together", () => {
    const { scores, right } = claims(3000, 3, (s) => 0.8 + 0.2 * s);
    const coarse = { scores: scores.map((s) => Math.floor(s * 8) / 8), right };
    const found = lowestProven(coarse, 0.9)!;
    const from = coarse.scores.filter((s) => s >= found.threshold).length;
    expect(found.rows).toBe(from);
    expect(Number.isInteger(found.threshold * 8)).toBe(true);
  });

  /** How often a threshold is proven from which on the precision is too low, and how often any is. */
  function wrongly(rows: number, target: number, chance: (score: number) => number, runs = 500) {
    let [wrong, some] = [0, 0];
    for (let seed = 0; seed < runs; seed++) {
      const found = lowestProven(claims(rows, seed, chance), target);
      if (found === undefined) continue;
      some++;
      if (precisionFrom(found.threshold, chance) < target) wrong++;
    }
    return { wrong: wrong / runs, some: some / runs };
  }
  // Three standard errors of 5 % in 500 runs.
  const AT_MOST = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 500);

  test.each([
    ["rising", 0.9, (s: number) => 0.7 + 0.3 * s],
    ["rising late", 0.95, (s: number) => 0.6 + 0.4 * s ** 0.2],
    ["flat, a hair too low", 0.9, () => 0.899],
    ["a step down", 0.95, (s: number) => (s > 0.6 ? 0.99 : 0.7)],
    ["worse at the very top, against the assumption", 0.9, (s: number) => (s > 0.97 ? 0.8 : 0.93)],
  ])("proves too much in at most one case of twenty: %s", (_, target, chance) => {
    expect(wrongly(700, target, chance).wrong).toBeLessThanOrEqual(AT_MOST);
  });

  test("finds the threshold where there is one, a few errors at the top notwithstanding", () => {
    const chance = (s: number) => (s > 0.4 ? 0.995 : 0.8);
    const { some } = wrongly(4000, 0.98, chance, 60);
    expect(some).toBeGreaterThan(0.95);
  });
});

describe("a conformal quantile", () => {
  test("is the ⌈(n + 1) · coverage⌉-th smallest, and infinite with too few", () => {
    const scores = Float64Array.from({ length: 19 }, (_, i) => 19 - i);
    expect(conformalQuantile(scores, 0.95)).toBe(19);
    expect(conformalQuantile(scores, 0.9)).toBe(18);
    expect(conformalQuantile(scores.subarray(1), 0.95)).toBe(Number.POSITIVE_INFINITY);
    expect(fewestScores(0.95)).toBe(19);
    expect(fewestScores(0.9)).toBe(9);
  });

  test.each([
    [9, 0.9],
    [20, 0.9],
    [99, 0.95],
    [250, 0.8],
  ])("of %i rows covers a further row in %f of the cases, and little more", (n, coverage) => {
    const rng = random(11).split(`${n}`);
    const runs = 4000;
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const scores = Float64Array.from({ length: n }, () => rng.normal() ** 2);
      if (rng.normal() ** 2 <= conformalQuantile(scores, coverage)) covered++;
    }
    const noise = 3 * Math.sqrt((coverage * (1 - coverage)) / runs);
    expect(covered / runs).toBeGreaterThanOrEqual(coverage - noise);
    expect(covered / runs).toBeLessThanOrEqual(coverage + 1 / (n + 1) + noise);
  });
});
