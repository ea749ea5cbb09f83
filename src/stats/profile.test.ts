import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../lib/json.ts";
import { random } from "../lib/random.ts";
import { type Column, numberColumn, stringColumn, timeColumn } from "../table/table.ts";
import { distinctCount } from "./distinct-sketch.ts";
import { empiricalQuantile } from "./empirical.ts";
import { sdOf } from "./moments.ts";
import {
  mergeColumnProfiles,
  mergeProfiles,
  type NumberProfile,
  profileColumn,
  profileTable,
  type StringProfile,
} from "./profile.ts";
import { sketchedDistribution } from "./quantile-sketch.ts";

const numbers = (values: ArrayLike<number>) => profileColumn(numberColumn(values)) as NumberProfile;
const strings = (values: (string | null)[]) => profileColumn(stringColumn(values)) as StringProfile;
const ofNumbers = fc.array(fc.oneof(fc.double(), fc.integer({ min: 0, max: 9 })), {
  maxLength: 60,
});
const ofStrings = fc.array(fc.option(fc.string({ maxLength: 3 })), { maxLength: 60 });

/** Everything but the last bits of the mean and of the squared deviations. */
const exactPart = (p: NumberProfile | StringProfile) =>
  p.type === "string"
    ? [p.rows, p.missing, p.distinct, p.values, p.lengths.n, p.lengths.min, p.lengths.max]
    : [p.rows, p.missing, p.infinite, p.distinct, p.moments.n, p.moments.min, p.moments.max];

describe("profiles", () => {
  test("merge in any grouping to the profile of all rows (numbers)", () => {
    fc.assert(
      fc.property(ofNumbers, ofNumbers, ofNumbers, (a, b, c) => {
        const [pa, pb, pc] = [numbers(a), numbers(b), numbers(c)];
        const left = mergeColumnProfiles(mergeColumnProfiles(pa, pb), pc) as NumberProfile;
        const right = mergeColumnProfiles(pa, mergeColumnProfiles(pb, pc)) as NumberProfile;
        const whole = numbers([...a, ...b, ...c]);
        expect(exactPart(left)).toEqual(exactPart(whole));
        expect(exactPart(right)).toEqual(exactPart(whole));
        // Below k values the quantile sketch is the sorted sample itself.
        expect(left.quantiles).toEqual(whole.quantiles);
        expect(right.quantiles).toEqual(whole.quantiles);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("merge in any grouping to the profile of all rows (texts)", () => {
    fc.assert(
      fc.property(ofStrings, ofStrings, (a, b) => {
        const merged = mergeColumnProfiles(strings(a), strings(b)) as StringProfile;
        expect(exactPart(merged)).toEqual(exactPart(strings([...a, ...b])));
        const mirrored = mergeColumnProfiles(strings(b), strings(a)) as StringProfile;
        expect(exactPart(mirrored)).toEqual(exactPart(merged));
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("of many values keep quantiles within 1 % of rank and distinct counts within 8 %", () => {
    const rng = random("profile");
    const n = 100_000;
    const values = Float64Array.from({ length: n }, () => Math.exp(rng.normal()));
    let merged: NumberProfile | undefined;
    for (let i = 0; i < n; i += 2000) {
      const part = numbers(values.subarray(i, i + 2000));
      merged = merged === undefined ? part : (mergeColumnProfiles(merged, part) as NumberProfile);
    }
    const sorted = values.slice().sort();
    for (const profile of [merged!, numbers(values)]) {
      const distribution = sketchedDistribution(profile.quantiles);
      expect(distribution.rows).toBe(n);
      for (const p of [0.01, 0.1, 0.5, 0.9, 0.99]) {
        const estimate = empiricalQuantile(distribution, p);
        const rank = sorted.findLastIndex((x) => x <= estimate) / n;
        expect(Math.abs(rank - p)).toBeLessThan(0.01);
      }
      expect(Math.abs(distinctCount(profile.distinct) / n - 1)).toBeLessThan(0.08);
      expect(sdOf(profile.moments)).toBeCloseTo(Math.sqrt((Math.E - 1) * Math.E), 0);
      expect(canonicalJson(profile).length).toBeLessThan(80_000);
    }
  });

  test("bound what they do not know of frequent values", () => {
    const rng = random("zipf");
    const values = Array.from({ length: 30_000 }, () => `v${Math.floor(3000 ** rng.next())}`);
    let merged = strings(values.slice(0, 1000));
    for (let i = 1000; i < values.length; i += 1000)
      merged = mergeColumnProfiles(merged, strings(values.slice(i, i + 1000))) as StringProfile;
    const truth = new Map<string, number>();
    for (const v of values) truth.set(v, (truth.get(v) ?? 0) + 1);
    expect(merged.values.counts).toHaveLength(200);
    for (const [value, count] of merged.values.counts) {
      expect(count).toBeLessThanOrEqual(truth.get(value)!);
      expect(truth.get(value)!).toBeLessThanOrEqual(count + merged.values.missed);
    }
    expect(merged.values.counts.slice(0, 10)).toEqual(
      [...truth].sort((a, b) => b[1] - a[1]).slice(0, 10),
    );
  });

  test("are plain JSON, deterministic, and keep long texts apart but short", () => {
    const table = {
      rows: 3,
      columns: new Map<string, Column>([
        ["n", numberColumn([1, Number.NaN, Number.POSITIVE_INFINITY])],
        ["t", timeColumn([0, 1, 2])],
        ["s", stringColumn([`${"x".repeat(500)}a`, `${"x".repeat(500)}b`, null])],
        ["empty", numberColumn([Number.NaN, Number.NaN, Number.NaN])],
      ]),
    };
    const profile = profileTable(table);
    expect(JSON.parse(canonicalJson(profile))).toEqual(profile);
    expect(profile.columns.n).toMatchObject({ missing: 1, infinite: 1 });
    const { values } = profile.columns.s as StringProfile;
    expect(values.counts).toHaveLength(2);
    expect(values.counts[0]![0].length).toBeLessThan(64);
  });

  test("count a column that a batch lacks as missing there", () => {
    const a = profileTable({ rows: 2, columns: new Map([["x", numberColumn([1, 2])]]) });
    const b = profileTable({ rows: 3, columns: new Map([["y", stringColumn(["a", "b", "c"])]]) });
    const merged = mergeProfiles(a, b);
    expect(merged.columns.x).toMatchObject({ rows: 5, missing: 3 });
    expect(merged.columns.y).toMatchObject({ rows: 5, missing: 2 });
  });

  test("of different types do not merge", () => {
    expect(() => mergeColumnProfiles(numbers([1]), strings(["a"]))).toThrow(
      /cannot merge a profile of type "number" with one of type "string"/,
    );
  });
});
