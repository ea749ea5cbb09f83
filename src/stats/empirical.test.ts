import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { jensenShannonDistance, totalVariation } from "./divergence.ts";
import {
  empirical,
  empiricalMass,
  empiricalMoments,
  empiricalOfCounts,
  empiricalQuantile,
  ksDistance,
  wassersteinDistance,
} from "./empirical.ts";
import { weightedDraw } from "./weighted-draw.ts";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
const sample = fc.array(fc.oneof(finite, fc.integer({ min: 0, max: 5 })), {
  minLength: 1,
  maxLength: 40,
});
const of = (values: readonly number[]) => empirical(Float64Array.from(values).sort());

describe("distances of samples", () => {
  test("are symmetric, within bounds, and follow a shift", () => {
    fc.assert(
      fc.property(sample, sample, finite, (a, b, shift) => {
        const [x, y] = [of(a), of(b)];
        expect(ksDistance(x, y)).toBe(ksDistance(y, x));
        expect(ksDistance(x, y)).toBeLessThanOrEqual(1);
        expect(ksDistance(x, x)).toBe(0);
        const moved = of(a.map((v) => v + shift));
        const distance = wassersteinDistance(x, moved);
        expect(Math.abs(distance - Math.abs(shift))).toBeLessThan(1e-6 * (1 + Math.abs(shift)));
      }),
      { seed: 1, numRuns: 80 },
    );
  });

  test("treat counts over cells alike in any scale", () => {
    const counts = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        fc.pre(a.some(Boolean) && b.some(Boolean));
        for (const distance of [totalVariation, jensenShannonDistance]) {
          const d = distance(a, b);
          expect(d).toBeGreaterThanOrEqual(0);
          expect(d).toBeLessThanOrEqual(1 + 1e-12);
          expect(
            distance(
              a.map((x) => 7 * x),
              b,
            ),
          ).toBeCloseTo(d, 9);
        }
      }),
      { seed: 1, numRuns: 80 },
    );
  });
});

test("weighted draws come up by weight, and a sample of a distribution resembles it", () => {
  const rng = random("draw");
  const e = empirical([1, 2, 5, 9], [10, 0.5, 30, 59.5]);
  const draw = weightedDraw(empiricalMass(e));
  const drawn = empiricalOfCounts(e, draw.counts(100_000, rng));
  expect(drawn.rows).toBe(100_000);
  expect(ksDistance(e, drawn)).toBeLessThan(0.01);
  expect(empiricalMoments(drawn).mean).toBeCloseTo(empiricalMoments(e).mean, 1);
  expect([0.05, 0.3, 0.99].map((p) => empiricalQuantile(drawn, p))).toEqual([1, 5, 9]);
});
