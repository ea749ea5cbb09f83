import { describe, expect, test } from "vitest";
import { canonicalJson } from "../lib/json.ts";
import { type Random, random } from "../lib/random.ts";
import { mergeColumnProfiles, profileColumn } from "../stats/profile.ts";
import { numberColumn, stringColumn, timeColumn } from "../table/table.ts";
import { missingChanges, volumeChange } from "./completeness.ts";
import { addWindow, NO_HISTORY, persistent } from "./persistence.ts";
import { type FeatureReference, featureReference } from "./reference.ts";
import { type CalibrationCache, windowDrift } from "./window-drift.ts";

const numbers = (rng: Random, n: number, shift = 0, scale = 1) =>
  profileColumn(numberColumn(Float64Array.from({ length: n }, () => shift + scale * rng.normal())));
const skewed = (rng: Random, n: number, factor = 1) =>
  profileColumn(
    numberColumn(Float64Array.from({ length: n }, () => factor * Math.exp(rng.normal()))),
  );
const words = (rng: Random, n: number, head = 0.4) =>
  profileColumn(
    stringColumn(Array.from({ length: n }, () => (rng.next() < head ? "head" : `w${rng.int(30)}`))),
  );
const references = (rng: Random, n = 3000): Record<string, FeatureReference> => ({
  plain: featureReference(numbers(rng, n))!,
  skewed: featureReference(skewed(rng, n))!,
  words: featureReference(words(rng, n))!,
});

describe("calibrated drift", () => {
  test("alarms on about 1 % of clean windows of any size, and finds real drift", () => {
    const drawn = { clean: 0, alarms: 0, shifted: 0, found: 0 };
    for (let r = 0; r < 2; r++) {
      const rng = random(`rates ${r}`);
      const refs = references(rng);
      const cache: CalibrationCache = new Map();
      for (const [n, shift] of [
        [120, 0.6],
        [500, 0.3],
        [2000, 0.2],
      ] as const)
        for (let w = 0; w < 14; w++) {
          const clean = { plain: numbers(rng, n), skewed: skewed(rng, n), words: words(rng, n) };
          const moved = {
            plain: numbers(rng, n, shift),
            skewed: skewed(rng, n, 1 + 1.5 * shift),
            words: words(rng, n, 0.4 - shift / 2),
          };
          for (const d of windowDrift({ references: refs, window: clean, cache, seed: r })) {
            drawn.clean += 1;
            if (d.drifted) drawn.alarms += 1;
          }
          for (const d of windowDrift({ references: refs, window: moved, cache, seed: r })) {
            drawn.shifted += 1;
            if (d.drifted) drawn.found += 1;
          }
        }
      // Three features, four sizes at most: nearby windows share a calibration.
      expect(cache.size).toBe(9);
    }
    expect(drawn.clean).toBe(252);
    expect(drawn.alarms).toBeLessThanOrEqual(9);
    expect(drawn.found / drawn.shifted).toBeGreaterThan(0.9);
  });

  test("says in words what changed, and by how much", () => {
    const rng = random("words");
    const window = {
      plain: numbers(rng, 800, 1),
      skewed: skewed(rng, 800),
      words: words(rng, 800, 0.1),
    };
    const refs = references(rng);
    const found = windowDrift({
      references: refs,
      window,
      importance: { words: 0.9, plain: 0.1 },
      cache: new Map(),
      seed: 1,
    });
    expect(found.map((d) => [d.feature, d.drifted])).toEqual([
      ["words", true],
      ["plain", true],
      ["skewed", false],
    ]);
    expect(found[0]!.words).toMatch(
      /words: 3\d.* % of the rows changed value, most of all "head" [34]\d.* % -> \d/,
    );
    expect(found[1]!.words).toMatch(
      /plain: moved by (0\.9|1\.?)\d* standard deviations, mean -?0\.\d+ -> (0\.9|1)/,
    );
    expect(found[0]!.psi).toBeGreaterThan(0.25);
    expect(JSON.parse(canonicalJson(found))).toEqual(found);
  });

  test("claims nothing below 100 known values", () => {
    const rng = random("few");
    const [d] = windowDrift({
      references: { plain: featureReference(numbers(rng, 1000))! },
      window: { plain: numbers(rng, 99, 50) },
      cache: new Map(),
      seed: 1,
    });
    expect(d).toMatchObject({ enough: false, drifted: false });
    expect(d!.words).toMatch(/not enough data \(99 known values, 100 needed\)/);
  });

  test("ignores a change that is certain but too small to matter", () => {
    const rng = random("floor");
    const [d] = windowDrift({
      references: { plain: featureReference(numbers(rng, 30_000))! },
      window: { plain: numbers(rng, 30_000, 0.06) },
      cache: new Map(),
      seed: 1,
    });
    expect(d!.p).toBeLessThan(0.01);
    expect(d!.drifted).toBe(false);
  });

  test("reads a window put together from hours like one read at once", () => {
    const rng = random("merge");
    const refs = { plain: featureReference(numbers(rng, 2000))! };
    const hours = Array.from({ length: 8 }, () => numbers(rng, 60, 0.5));
    const day = hours.reduce(mergeColumnProfiles);
    const [d] = windowDrift({
      references: refs,
      window: { plain: day },
      cache: new Map(),
      seed: 1,
    });
    expect(d).toMatchObject({ rows: 480, drifted: true });
  });

  test("survives columns that are constant, become constant, or change type", () => {
    const rng = random("edges");
    const constant = profileColumn(numberColumn(new Float64Array(500).fill(7)));
    const other = profileColumn(numberColumn(new Float64Array(500).fill(8)));
    const refs = { c: featureReference(constant)!, plain: featureReference(numbers(rng, 500))! };
    const of = (window: Parameters<typeof windowDrift>[0]["window"]) =>
      windowDrift({ references: refs, window, cache: new Map(), seed: 1 });
    expect(of({ c: constant })[0]).toMatchObject({ drifted: false, effect: 0 });
    expect(of({ c: other })[0]).toMatchObject({ drifted: true });
    expect(of({ plain: constant })[0]).toMatchObject({ feature: "plain", drifted: true });
    expect(of({ plain: words(rng, 500) })).toEqual([]);
  });
});

describe("what is watched of a column", () => {
  test("texts by their length, categories by value, times and empty columns not at all", () => {
    const rng = random("watched");
    const text = stringColumn(
      Array.from({ length: 300 }, (_, i) => `mail ${i} ${"x".repeat(i % 9)}`),
    );
    expect(featureReference(profileColumn(text))).toMatchObject({ type: "number", of: "length" });
    expect(featureReference(words(rng, 300))).toMatchObject({ type: "category" });
    expect(featureReference(words(rng, 300), "text")).toMatchObject({ of: "length" });
    expect(featureReference(profileColumn(timeColumn([1, 2, 3])))).toBeUndefined();
    expect(featureReference(profileColumn(numberColumn([Number.NaN])))).toBeUndefined();
  });

  test("categories fold to the fifty most frequent and others", () => {
    const rng = random("fold");
    const many = stringColumn(
      Array.from({ length: 5000 }, () => `v${Math.floor(rng.next() ** 3 * 120)}`),
    );
    const reference = featureReference(profileColumn(many))!;
    expect(reference.type === "category" && reference.counts.length).toBe(51);
    expect(reference.type === "category" && reference.counts.reduce((a, b) => a + b)).toBe(5000);
  });
});

describe("persistence", () => {
  test("needs two of the last three windows, the newest among them", () => {
    const fold = (...said: (boolean | undefined)[]) =>
      persistent(said.reduce((s, x) => addWindow(s, x === undefined ? {} : { f: x }), NO_HISTORY));
    expect(fold(true)).toEqual([]);
    expect(fold(true, true)).toEqual(["f"]);
    expect(fold(true, false, true)).toEqual(["f"]);
    expect(fold(true, true, false)).toEqual([]);
    expect(fold(true, false, false, true)).toEqual([]);
    expect(fold(true, undefined, true)).toEqual(["f"]);
  });
});

describe("completeness", () => {
  const column = (n: number, missing: number) =>
    profileColumn(
      numberColumn(Float64Array.from({ length: n }, (_, i) => (i < missing ? Number.NaN : i))),
    );
  const refs = { x: featureReference(column(1000, 50))!, y: featureReference(column(1000, 0))! };

  test("a jump in missing values is named, chance is not", () => {
    expect(missingChanges(refs, { x: column(200, 12), y: column(200, 1) }, 200)).toEqual([]);
    const [change] = missingChanges(refs, { x: column(200, 60), y: column(200, 0) }, 200);
    expect(change!.words).toBe("x: missing in 30 % of the rows, was 5 %");
  });

  test("an absent column is missing in all rows", () => {
    expect(missingChanges(refs, { x: column(200, 10) }, 200)).toMatchObject([
      { feature: "y", now: 1 },
    ]);
  });

  test("volume is judged by what is usual, after four windows", () => {
    expect(volumeChange(10, [100, 100, 100])).toBeUndefined();
    expect(volumeChange(95, [100, 110, 90, 105, 80])).toBeUndefined();
    expect(volumeChange(10, [100, 110, 90, 105])!.words).toBe("only 10 rows came, 102 are usual");
    expect(volumeChange(0, [5, 6, 4, 5])).toBeDefined();
    expect(volumeChange(1000, [5, 600, 40, 5000])).toBeUndefined();
  });
});
