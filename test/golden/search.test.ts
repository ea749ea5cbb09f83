import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { signedRankGreater } from "../../src/stats/wilcoxon.ts";
import { calibratedAt } from "../../src/training/calibration/calibration.ts";
import { fitIsotonic, fitSigmoid } from "../../src/training/calibration/fit-calibration.ts";
import { rowWeights } from "../../src/training/class-weights.ts";
import { linear } from "../../src/training/trainers/linear.ts";

const golden = JSON.parse(readFileSync(new URL("search.json", import.meta.url), "utf8"));

test("signed ranks: p-values of scipy, exact and with ties", () => {
  for (const { differences, p } of golden.signedRank)
    expect(Math.abs(signedRankGreater(differences) - p)).toBeLessThan(1e-9);
});

test("the sigmoid is scikit-learn's", () => {
  const { margins, y, slope, shift } = golden.sigmoid;
  const found = fitSigmoid(Float64Array.from(margins), Float64Array.from(y));
  if (found.kind !== "sigmoid") throw new Error(found.kind);
  // Its own optimiser stops at a gradient of about 1e-5.
  expect(Math.abs(found.slope - slope)).toBeLessThan(1e-4);
  expect(Math.abs(found.shift - shift)).toBeLessThan(1e-4);
});

test("isotonic steps are scikit-learn's, but for the ends, which are never 0 and 1", () => {
  const { p, y, at, value } = golden.isotonic;
  const found = fitIsotonic(Float64Array.from(p), Float64Array.from(y));
  if (found.kind !== "isotonic") throw new Error(found.kind);
  const inside = (at as number[]).flatMap((x, i) =>
    x > found.x[1]! && x < found.x.at(-2)! && value[i] > 0 && value[i] < 1 ? [i] : [],
  );
  expect(inside.length).toBeGreaterThan(50);
  const gaps = inside.map((i) => Math.abs(calibratedAt(found, at[i]) - value[i]));
  expect(Math.max(...gaps)).toBeLessThan(1e-9);
  const ends = [0, 1].map((x) => calibratedAt(found, x));
  expect(ends[0]).toBeGreaterThan(0);
  expect(ends[1]).toBeLessThan(1);
});

describe("class weights give scikit-learn's linear models", () => {
  const { x, binary, multiclass } = golden.classWeights;
  const dense = Float32Array.from(x.flat());
  const design = { rows: x.length, width: 4, dense, names: ["a", "b", "c", "d"], bags: [] };
  const cases = [
    ["binary", binary, ["no", "yes"], [1, 3.5]],
    ["multiclass", multiclass, ["x", "y", "z"], [2, 1, 5]],
  ] as const;
  for (const [task, data, classes, given] of cases)
    for (const classWeights of ["balanced", given] as const)
      test(`${task}, ${classWeights}`, () => {
        const target = Float64Array.from(data.y);
        const weights = rowWeights({ classWeights, classes }, target)!;
        const params = linear.params.parse({ C: 0.7, tolerance: 1e-10, maxIterations: 10_000 });
        const model = linear.fit({
          design,
          target,
          weights,
          task,
          classes: classes.length,
          params,
          seed: 0,
        });
        const expected: number[][] = data[classWeights === "balanced" ? "balanced" : "given"];
        const wanted = task === "binary" ? expected.map((row) => row[1]!) : expected.flat();
        const { values } = model.predict(design);
        expect(Math.max(...wanted.map((p, i) => Math.abs(p - values[i]!)))).toBeLessThan(1e-6);
      });
});
