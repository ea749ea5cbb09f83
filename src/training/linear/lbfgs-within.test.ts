import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../lib/random.ts";
import type { Objective } from "./lbfgs.ts";
import { minimizeWithin } from "./lbfgs-within.ts";

const limits = { tolerance: 1e-9, maxIterations: 5000 };

/** sum over rows of log(1 + e^(a x)) - b a x, and a little |x|^2: convex, and where bounds bind is not known beforehand. */
function problem(seed: number, n: number): { objective: Objective; signs: Int8Array } {
  const rng = random(seed);
  // Columns that go together, of sizes from 0.1 to 10.
  const sizes = Array.from({ length: n }, () => 10 ** (2 * rng.next() - 1));
  const rows = Array.from({ length: 3 * n + 5 }, () => {
    const common = rng.normal();
    return { a: sizes.map((size) => size * (common + rng.normal())), b: rng.next() };
  });
  const objective: Objective = (x, gradient) => {
    let value = 0;
    for (let j = 0; j < n; j++) {
      gradient[j] = 1e-3 * x[j]!;
      value += (1e-3 * x[j]! ** 2) / 2;
    }
    for (const { a, b } of rows) {
      const m = a.reduce((sum, v, j) => sum + v * x[j]!, 0);
      value += (Math.log1p(Math.exp(-Math.abs(m))) + Math.max(m, 0) - b * m) / rows.length;
      const rest = (1 / (1 + Math.exp(-m)) - b) / rows.length;
      for (let j = 0; j < n; j++) gradient[j]! += rest * a[j]!;
    }
    return value;
  };
  return { objective, signs: Int8Array.from({ length: n }, () => rng.int(3) - 1) };
}

test("at the end nothing is outside, and nothing inside could be better (Karush-Kuhn-Tucker)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 12 }), (seed, n) => {
      const { objective, signs } = problem(seed, n);
      // From anywhere, also from outside.
      const rng = random(seed).split("start");
      const x = Float64Array.from({ length: n }, () => rng.normal());
      const { converged } = minimizeWithin(objective, x, signs, limits);
      expect(converged).toBe(true);
      const gradient = new Float64Array(n);
      objective(x, gradient);
      x.forEach((value, j) => {
        expect(value * signs[j]!).toBeGreaterThanOrEqual(0);
        const push = gradient[j]!;
        if (value === 0 && signs[j] !== 0) expect(push * signs[j]!).toBeGreaterThan(-1e-6);
        else expect(Math.abs(push)).toBeLessThan(1e-6);
      });
    }),
    { numRuns: 200 },
  );
});

test("where every number is at its bound it ends at once", () => {
  const objective: Objective = (x, gradient) => {
    x.forEach((v, j) => {
      gradient[j] = 1 + v;
    });
    return x.reduce((sum, v) => sum + v + v ** 2 / 2, 0);
  };
  const x = Float64Array.of(-3, 0);
  const found = minimizeWithin(objective, x, Int8Array.of(1, 1), limits);
  expect([...x]).toEqual([0, 0]);
  expect(found).toMatchObject({ converged: true, iterations: 0 });
});

test("it stops after so many iterations, and when it is told to", () => {
  const { objective, signs } = problem(1, 12);
  const few = minimizeWithin(objective, new Float64Array(12), signs, {
    ...limits,
    maxIterations: 2,
  });
  expect(few).toMatchObject({ converged: false, iterations: 2 });
  const stop = () => {
    throw new Error("stopped");
  };
  expect(() => minimizeWithin(objective, new Float64Array(12), signs, { ...limits, stop })).toThrow(
    "stopped",
  );
});
