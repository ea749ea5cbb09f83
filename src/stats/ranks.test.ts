import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { ascendingOrder, ranks } from "./ranks.ts";

describe("ascending order", () => {
  const check = (values: Float64Array) => {
    const order = ascendingOrder(values);
    expect([...order].sort((a, b) => a - b)).toEqual([...values.keys()]);
    for (let i = 1; i < order.length; i++) {
      const [a, b] = [values[order[i - 1]!]!, values[order[i]!]!];
      if (Number.isNaN(b)) continue;
      expect(a < b || (a === b && order[i - 1]! < order[i]!)).toBe(true);
    }
  };

  test("holds every row once, equal values in row order, NaN last", () => {
    const values = fc.array(fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, -1)), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(values, (v) => check(Float64Array.from(v))),
      { seed: 1, numRuns: 50 },
    );
  });

  test("is the same by radix (above 4,096 rows)", () => {
    const rng = random("radix");
    const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324];
    const wide = Float64Array.from({ length: 6000 }, (_, i) =>
      i % 50 === 0 ? special[(i / 50) % 6]! : rng.normal() * 10 ** (rng.int(40) - 20),
    );
    const few = Float64Array.from({ length: 6000 }, () => rng.int(7) - 3);
    for (const values of [wide, few]) {
      const order = ascendingOrder(values);
      const known = [...order].filter((row) => !Number.isNaN(values[row]!));
      for (let i = 1; i < known.length; i++) {
        const [a, b] = [values[known[i - 1]!]!, values[known[i]!]!];
        if (!(a < b || (a === b && known[i - 1]! < known[i]!))) expect.fail(`${a} before ${b}`);
      }
      expect(new Set(order).size).toBe(6000);
    }
  });
});

test("ranks share the average of ties and sum to n (n + 1) / 2", () => {
  expect([...ranks(Float64Array.of(3, 1, 3, 2))]).toEqual([3.5, 1, 3.5, 2]);
  const rng = random("ranks");
  const values = Float64Array.from({ length: 999 }, () => rng.int(40));
  expect(ranks(values).reduce((a, b) => a + b)).toBe((999 * 1000) / 2);
});
