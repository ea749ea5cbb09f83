import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numberColumn, stringColumn } from "../table/table.ts";
import { folds } from "./folds.ts";
import { type SplitInput, split } from "./split.ts";

const rowsAndSeed = fc.record({
  rows: fc.integer({ min: 20, max: 300 }),
  seed: fc.integer({ min: 0, max: 1000 }),
});
const inputOf = (
  { rows, seed }: { rows: number; seed: number },
  kind: SplitInput["kind"],
): SplitInput => ({
  rows,
  seed,
  kind,
  testShare: 0.25,
  time: Float64Array.from({ length: rows }, (_, i) =>
    i % 17 === 3 ? Number.NaN : ((i * 7919) % 40) * 3600,
  ),
  key:
    kind === "grouped"
      ? stringColumn(
          Array.from({ length: rows }, (_, i) => (i % 13 === 5 ? null : `e${(i * 31) % 15}`)),
        )
      : undefined,
  target: Float64Array.from({ length: rows }, (_, i) => (i % 5 === 0 ? 1 : 0)),
});
const kinds = fc.constantFrom<SplitInput["kind"]>("time", "random", "stratified", "grouped");

describe("split", () => {
  test("parts share no row, and together are all rows", () => {
    fc.assert(
      fc.property(rowsAndSeed, kinds, (size, kind) => {
        const { train, test } = split(inputOf(size, kind));
        expect(train.length).toBeGreaterThan(0);
        expect(test.length).toBeGreaterThan(0);
        expect([...train, ...test].sort((a, b) => a - b)).toEqual(
          Array.from({ length: size.rows }, (_, i) => i),
        );
      }),
    );
  });

  test("the same seed gives the same split", () => {
    fc.assert(
      fc.property(rowsAndSeed, kinds, (size, kind) => {
        expect(split(inputOf(size, kind))).toEqual(split(inputOf(size, kind)));
      }),
    );
  });

  test("by time, no test row is earlier than or as early as a training row", () => {
    fc.assert(
      fc.property(rowsAndSeed, (size) => {
        const input = inputOf(size, "time");
        const { train, test } = split(input);
        const latest = Math.max(
          ...[...train].map((i) => input.time![i]!).filter((t) => !Number.isNaN(t)),
        );
        for (const i of test) expect(input.time![i]!).toBeGreaterThan(latest);
      }),
    );
  });

  test("by key, an entity is on one side, and stays there when rows are added", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
        const keys = Array.from({ length: 2000 }, (_, i) => `e${(i * 31) % 400}`);
        const sides = (n: number) => {
          const key = stringColumn(keys.slice(0, n));
          const { test } = split({ rows: n, seed, kind: "grouped", testShare: 0.25, key });
          return new Set([...test].map((i) => keys[i]!));
        };
        const [small, large] = [sides(1200), sides(2000)];
        for (const k of small) expect(large.has(k)).toBe(true);
        const all = split({
          rows: 2000,
          seed,
          kind: "grouped",
          testShare: 0.25,
          key: stringColumn(keys),
        });
        for (const i of all.train) expect(large.has(keys[i]!)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  test("a random split with a repeated key goes by key; with a unique key it stays random", () => {
    const repeated = numberColumn(Array.from({ length: 100 }, (_, i) => i % 10));
    const unique = numberColumn(Array.from({ length: 100 }, (_, i) => i));
    const base = { rows: 100, seed: 1, kind: "random", testShare: 0.2 } as const;
    expect(split({ ...base, key: repeated }).reason).toContain("by key");
    expect(split({ ...base, key: unique }).reason).toContain("at random");
  });

  test("few entities still give a test part", () => {
    for (let seed = 0; seed < 30; seed++) {
      const key = stringColumn(Array.from({ length: 40 }, (_, i) => `station ${i % 4}`));
      const { train, test } = split({ rows: 40, seed, kind: "grouped", testShare: 0.2, key });
      expect(test.length).toBe(10);
      expect(train.length).toBe(30);
    }
  });

  test("stratified keeps the classes' proportions, and a class of one row in training", () => {
    const target = Float64Array.from({ length: 1001 }, (_, i) =>
      i === 1000 ? 2 : i < 100 ? 1 : 0,
    );
    const { train, test } = split({
      rows: 1001,
      seed: 3,
      kind: "stratified",
      testShare: 0.2,
      target,
    });
    expect([...test].filter((i) => target[i] === 1)).toHaveLength(20);
    expect([...test].filter((i) => target[i] === 0)).toHaveLength(180);
    expect([...train]).toContain(1000);
  });

  test("the reason by time names the border and why a random split would flatter", () => {
    const time = Float64Array.from({ length: 10 }, (_, i) => i * 86400);
    const { reason } = split({ rows: 10, seed: 0, kind: "time", testShare: 0.2, time });
    expect(reason).toContain("1970-01-09T00:00:00Z");
    expect(reason).toContain("flatter");
  });

  test("one moment for all rows is refused with what to do", () => {
    const time = new Float64Array(10);
    expect(() => split({ rows: 10, seed: 0, kind: "time", testShare: 0.2, time })).toThrow(
      /same time.*split at random/,
    );
  });
});

describe("folds", () => {
  test("every row is judged once, and never by a model that learned from it", () => {
    fc.assert(
      fc.property(
        rowsAndSeed,
        fc.constantFrom("random" as const, "stratified" as const, "grouped" as const),
        (size, kind) => {
          const rounds = folds({ ...inputOf(size, kind), k: 4 });
          expect(rounds).toHaveLength(4);
          const judged = rounds.flatMap((f) => [...f.test]).sort((a, b) => a - b);
          expect(judged).toEqual(Array.from({ length: size.rows }, (_, i) => i));
          for (const { train, test } of rounds) expect([...train, ...test].length).toBe(size.rows);
        },
      ),
    );
  });

  test("by time, each round learns only from before what it is judged on", () => {
    fc.assert(
      fc.property(rowsAndSeed, (size) => {
        const input = inputOf(size, "time");
        for (const { train, test } of folds({ ...input, k: 4 })) {
          expect(test.length).toBeGreaterThan(0);
          const latest = Math.max(
            ...[...train].map((i) => input.time![i]!).filter((t) => !Number.isNaN(t)),
          );
          for (const i of test) expect(input.time![i]!).toBeGreaterThan(latest);
        }
      }),
    );
  });

  test("grouped folds keep an entity together and sizes even", () => {
    const key = stringColumn(Array.from({ length: 200 }, (_, i) => `e${i % 20}`));
    for (const { train, test } of folds({ rows: 200, seed: 1, kind: "grouped", k: 5, key })) {
      expect(test.length).toBe(40);
      const left = new Set([...train].map((i) => i % 20));
      for (const i of test) expect(left.has(i % 20)).toBe(false);
    }
  });
});
