import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { bootstrapReplicates, percentileInterval } from "./bootstrap.ts";
import { weightedMean } from "./descriptive.ts";
import { benjaminiHochberg } from "./false-discovery.ts";
import { clopperPearson, wilson } from "./intervals.ts";

describe("intervals of a share", () => {
  test("lie in 0..1, hold the value, and Clopper–Pearson's is the wider where both are proper", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, share) => {
          const k = Math.round(n * share);
          for (const { value, lower, upper } of [wilson(k, n), clopperPearson(k, n)]) {
            expect(lower).toBeGreaterThanOrEqual(0);
            expect(upper).toBeLessThanOrEqual(1);
            expect(lower).toBeLessThanOrEqual(value);
            expect(upper).toBeGreaterThanOrEqual(value);
          }
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  test("cover the truth as often as they say", () => {
    const rng = random("cover");
    let [byWilson, exactly] = [0, 0];
    for (let run = 0; run < 1000; run++) {
      let k = 0;
      for (let i = 0; i < 40; i++) if (rng.next() < 0.15) k += 1;
      const covers = ({ lower, upper }: { lower: number; upper: number }) =>
        lower <= 0.15 && upper >= 0.15;
      if (covers(wilson(k, 40))) byWilson += 1;
      if (covers(clopperPearson(k, 40))) exactly += 1;
    }
    expect(byWilson / 1000).toBeGreaterThan(0.93);
    expect(exactly / 1000).toBeGreaterThan(0.95);
  });

  test("know nothing without rows", () => {
    expect(wilson(0, 0)).toEqual({ value: Number.NaN, lower: 0, upper: 1 });
  });
});

test("bootstrap intervals cover a mean about as often as they say, and repeat for a seed", () => {
  let covered = 0;
  const interval = (run: number) => {
    const rng = random(`data ${run}`);
    const values = Float64Array.from({ length: 80 }, () => 5 + rng.normal());
    const statistic = (counts: Float64Array) => weightedMean(values, counts);
    const options = { rows: 80, resamples: 300, rng: random(run), statistic };
    return percentileInterval(weightedMean(values), bootstrapReplicates(options));
  };
  for (let run = 0; run < 200; run++) {
    const { lower, upper } = interval(run);
    if (lower <= 5 && upper >= 5) covered += 1;
  }
  expect(covered / 200).toBeGreaterThan(0.89);
  expect(interval(3)).toEqual(interval(3));
});

test("Benjamini–Hochberg keeps the order of p-values and ignores tests that were not made", () => {
  const { adjusted, rejected } = benjaminiHochberg([0.04, Number.NaN, 0.001, 0.03]);
  expect(adjusted[1]).toBeNaN();
  expect(rejected).toEqual([true, false, true, true]);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (ps) => {
      const q = benjaminiHochberg(ps).adjusted;
      for (const [i, p] of ps.entries()) {
        expect(q[i]).toBeGreaterThanOrEqual(p * (1 - 1e-12));
        expect(q[i]).toBeLessThanOrEqual(1);
        for (const [j, other] of ps.entries())
          if (other < p) expect(q[j]).toBeLessThanOrEqual(q[i]! * (1 + 1e-12));
      }
    }),
    { seed: 1, numRuns: 50 },
  );
});
