import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Design } from "../../src/training/encoding/encoding.ts";
import { fitPooled } from "../../src/training/linear/pooled.ts";

interface Fit {
  strength: number;
  coefficients: number[];
}
const golden = JSON.parse(readFileSync(new URL("pooled.json", import.meta.url), "utf8"));
const x: number[][] = golden.x;
const names = x[0]!.map((_, j) => `x${j}`);
const dense = Float32Array.from(x.flat());
const design: Design = { rows: x.length, width: names.length, dense, names, bags: [] };
const prior = Float64Array.from(golden.prior);

describe.each(["binary", "regression"] as const)("%s, drawn to another model", (task) => {
  const target = Float64Array.from(golden[task].y);

  test.each(golden[task].fits as Fit[])("as scipy has it, strength $strength", (expected) => {
    const { strength, coefficients } = expected;
    const found = fitPooled(task, design, target, { prior, strength, tolerance: 1e-11 });
    for (const [j, value] of coefficients.entries()) expect(found[j]).toBeCloseTo(value, 6);
  });
});

test("with an endless pull it is the other model, without a prior it is drawn to 0", () => {
  const target = Float64Array.from(golden.binary.y);
  const found = fitPooled("binary", design, target, { prior, strength: 1e9 });
  for (const [j, value] of prior.entries()) expect(found[j]).toBeCloseTo(value, 6);
  const small = fitPooled("binary", design, target, { prior: undefined, strength: 1e6 });
  for (let j = 0; j < names.length; j++) expect(small[j]).toBeCloseTo(0, 3);
});
