import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { random } from "../../lib/random.ts";
import { cutsOf, findBins } from "./binning.ts";

const columns = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 200 });
const binOf = (cuts: Float32Array, x: number) => cuts.filter((c) => c < x).length;

describe("binning", () => {
  test("cuts rise, and are fewer than the bins", () => {
    fc.assert(
      fc.property(columns, fc.integer({ min: 2, max: 40 }), (values, maxBins) => {
        const cuts = cutsOf(Float32Array.from(values).sort(), maxBins);
        expect(cuts.length).toBeLessThan(maxBins);
        for (let i = 1; i < cuts.length; i++) expect(cuts[i]).toBeGreaterThan(cuts[i - 1]!);
      }),
    );
  });

  test("every cut divides the values, and few values get a bin each", () => {
    fc.assert(
      fc.property(columns, fc.integer({ min: 2, max: 40 }), (values, maxBins) => {
        const sorted = Float32Array.from(values).sort();
        const cuts = cutsOf(sorted, maxBins);
        // -0 and 0 are one value.
        const distinct = new Set(Array.from(sorted, (v) => v + 0));
        const bins = new Set(Array.from(sorted, (x) => binOf(cuts, x)));
        expect(bins.size).toBe(cuts.length + 1);
        if (distinct.size <= maxBins) expect(bins.size).toBe(distinct.size);
      }),
    );
  });

  test("quantile bins of a smooth column hold about the same number of rows", () => {
    const rng = random(1);
    const sorted = Float32Array.from({ length: 20_000 }, () => rng.normal()).sort();
    const cuts = cutsOf(sorted, 50);
    expect(cuts.length).toBe(49);
    const sizes = new Float64Array(50);
    for (const x of sorted) sizes[binOf(cuts, x)]! += 1;
    for (const size of sizes) expect(Math.abs(size - 400)).toBeLessThan(20);
  });

  test("constant and empty columns are left out, one value beside missing ones is kept", () => {
    const dense = Float32Array.of(1, NaN, 5, NaN, 1, NaN, 6, 2, 1, NaN, 7, NaN);
    const names = ["constant", "missing", "numbers", "sometimes"];
    const design = { rows: 3, width: 4, dense, names, bags: [] };
    const { used, cuts } = findBins(design, 255, random(1));
    expect([...used]).toEqual([2, 3]);
    expect(cuts.map((c) => [...c])).toEqual([[5.5, 6.5], []]);
  });
});
