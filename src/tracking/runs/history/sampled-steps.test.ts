import fc from "fast-check";
import { expect, test } from "vitest";
import { sampledSteps } from "./sampled-steps.ts";

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test("evenly by rank, with the last and the ends of every run, as MLflow samples", () => {
  expect(sampledSteps(upTo(10), 5, [0, 9])).toEqual([0, 2, 4, 6, 8, 9]);
  expect(sampledSteps(upTo(20), 5, [0, 9, 19])).toEqual([0, 4, 8, 9, 12, 16, 19]);
  expect(sampledSteps(upTo(5), 5, [0])).toEqual([0, 1, 2, 3, 4]);
  expect(sampledSteps([], 5, [])).toEqual([]);
});

test("samples exist, ascend, keep both ends and are hardly more than asked for", () => {
  const steps = fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 400 }), (given, points) => {
      const all = [...given].sort((a, b) => a - b);
      const sampled = sampledSteps(all, points, [all[0]!, all.at(-1)!]);
      expect(all).toEqual(expect.arrayContaining(sampled));
      expect(sampled).toEqual([...new Set(sampled)].sort((a, b) => a - b));
      expect([sampled[0], sampled.at(-1)]).toEqual([all[0], all.at(-1)]);
      expect(sampled.length).toBeLessThanOrEqual(Math.min(all.length, points + 2));
    }),
  );
});
