import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Design } from "../../src/training/encoding/encoding.ts";
import { type LinearFit, logistic } from "../../src/training/linear/logistic.ts";
import { matrixOf } from "../../src/training/linear/matrix.ts";
import { ridge } from "../../src/training/linear/ridge.ts";

interface Expected {
  signs: number[];
  C: number;
  alpha: number;
  coef: number[];
  intercept: number[];
  weighted?: boolean;
}
const golden = JSON.parse(readFileSync(new URL("linear-signs.json", import.meta.url), "utf8"));
const x: number[][] = golden.x;
const design: Design = {
  ...{ rows: x.length, width: x[0]!.length, dense: Float32Array.from(x.flat()) },
  ...{ names: x[0]!.map((_, j) => `x${j}`), bags: [] },
};
const weights = Float64Array.from(golden.weights);

const optionsOf = ({ signs, weighted }: Expected) => ({
  ...{ signs: Int8Array.from(signs), rowWeights: weighted ? weights : undefined },
  ...{ tolerance: 1e-10, maxIterations: 1000 },
});

/** Within 1e-6 of SciPy, relative to the largest of the expected numbers, and 0 where SciPy is at the bound. */
function expectSame(fit: LinearFit, expected: Expected): void {
  expect(fit.converged).toBe(true);
  const wanted = [...expected.coef, ...expected.intercept];
  const size = Math.max(...wanted.map(Math.abs));
  [...fit.weights, ...fit.intercepts].forEach((value, j) => {
    expect(Math.abs(value - wanted[j]!) / size).toBeLessThan(1e-6);
    expect(value * (expected.signs[j] ?? 0)).toBeGreaterThanOrEqual(0);
  });
}

describe("coefficients that keep a sign equal SciPy's", () => {
  test.each(golden.logistic as Expected[])("logistic, C = $C, signs $signs", (expected) => {
    const target = Float64Array.from(golden.binary);
    const options = { C: expected.C, ...optionsOf(expected) };
    expectSame(logistic(matrixOf(design), target, 1, options), expected);
  });

  test.each(golden.ridge as Expected[])("ridge, alpha = $alpha, signs $signs", (expected) => {
    const target = Float64Array.from(golden.number);
    const options = { alpha: expected.alpha, ...optionsOf(expected) };
    expectSame(ridge(matrixOf(design), target, options), expected);
  });
});
