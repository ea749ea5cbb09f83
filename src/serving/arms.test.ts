import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../lib/digest.ts";
import { goodnessOfFit } from "../stats/hypothesis.ts";
import { armFor, armsOf, partsOf, unitOf } from "./arms.ts";
import type { ServedRoute, Split } from "./route.ts";

const version = (number: number) => ({ id: digestOf(`v${number}`), number, onnx: digestOf("x") });
const route: ServedRoute = {
  ...{ model: "m", champion: version(1), shadow: undefined, fields: {}, revision: 1 },
};
const times = { id: "split_2", begun: 0, since: 0 };
const canary = (percent: number, rest: Partial<typeof times> = {}): Split => ({
  ...{ ...times, ...rest },
  ...{ kind: "canary", version: version(2), percent },
});
const weights = (...each: number[]): Split => ({
  ...times,
  kind: "weights",
  arms: each.map((weight, i) => ({ version: version(i + 1), weight })),
});
const meets = (split: Split, unit: string) => armFor(armsOf(route, split), unit).version.number;
const UNITS = Array.from({ length: 20_000 }, (_, i) => `customer ${i}`);

describe("a split", () => {
  test.each<[string, Split, readonly number[]]>([
    ["canary 5", canary(5), [0.95, 0.05]],
    ["canary 0", canary(0), [1, 0]],
    ["canary 100", canary(100), [0, 1]],
    ["weights", weights(50, 30, 20), [0.5, 0.3, 0.2]],
    ["weights that do not sum to 100", weights(1, 0, 3), [0.25, 0, 0.75]],
    [
      "bandit",
      {
        ...{ ...times, kind: "bandit" },
        arms: [2, 1].map((number) => ({
          ...{ version: version(number), wins: 1, losses: 1 },
          share: number === 1 ? 0.9 : 0.1,
        })),
      },
      [0.9, 0.1],
    ],
  ])("%s gives every arm its share, the champion being the first", (_, split, shares) => {
    const arms = armsOf(route, split);
    expect(arms[0]).toMatchObject({ version: { number: 1 }, variant: "champion" });
    expect(arms.map((arm) => arm.share)).toEqual(shares.map((share) => expect.closeTo(share, 12)));
    const counts = shares.map((_, k) => UNITS.filter((u) => armFor(arms, u) === arms[k]).length);
    // No draw from chance: these 20,000 names fall so for ever.
    expect(goodnessOfFit(counts, shares).p).toBeGreaterThan(0.01);
  });

  test("names its other arms after what they are", () => {
    expect(armsOf(route, canary(5))[1]!.variant).toBe("canary");
    expect(armsOf(route, weights(1, 1))[1]!.variant).toBe("arm");
  });

  test("a key meets the same version again, whatever else is in the request", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 100 }), (key, percent) => {
        expect(meets(canary(percent), key)).toBe(meets(canary(percent), key));
      }),
    );
  });

  test("a canary that grows keeps whom it has", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 100 }),
        (key, a, b) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          if (meets(canary(low), key) === 2) expect(meets(canary(high), key)).toBe(2);
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });

  test("an arm that wins share takes from the others and gives nothing away", () => {
    const [before, after] = [weights(40, 30, 30), weights(40, 60, 30)];
    const moved = UNITS.filter((unit) => meets(before, unit) !== meets(after, unit));
    expect(moved.length).toBeGreaterThan(1000);
    expect(new Set(moved.map((unit) => meets(after, unit)))).toEqual(new Set([2]));
  });

  test("another split of the same versions mixes anew", () => {
    const [one, other] = [canary(20), canary(20, { id: "split_9" })];
    const both = UNITS.filter((unit) => meets(one, unit) === 2 && meets(other, unit) === 2);
    expect(both.length / UNITS.length).toBeCloseTo(0.04, 2);
  });
});

describe("rows of a request", () => {
  test("are divided by key where they have one, else by the id of their prediction", () => {
    expect(unitOf({ user: 7 }, "user", "pred_1")).toBe("7");
    for (const row of [{ user: null }, {}, null, "x"])
      expect(unitOf(row, "user", "pred_1")).toBe("pred_1");
    expect(unitOf({ user: 7 }, undefined, "pred_1")).toBe("pred_1");
  });

  test("each lie in exactly one part", () => {
    const parts = partsOf(armsOf(route, weights(1, 1, 1)), UNITS.slice(0, 100));
    expect(parts.flatMap((part) => part.rows).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
    expect(parts).toHaveLength(3);
  });
});
