import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Column, numberColumn, stringColumn, type Table, timeColumn } from "../table/table.ts";
import { columnNamed, targetOf, trainingData, trainingFolds } from "./training-data.ts";
import type { TrainingSpec } from "./training-spec.ts";

const spec = (more: Partial<TrainingSpec> = {}): TrainingSpec => ({
  ...{ model: "m", task: "binary", target: "y", classes: ["no", "yes"], columns: [] },
  ...{ time: undefined, key: undefined, split: "stratified", testShare: 0.25, metric: "auc" },
  ...{ seed: 1, budgetMs: 1, trainers: [] },
  ...more,
});
const tableOf = (
  labels: readonly (string | undefined)[],
  more: { readonly times?: readonly number[]; readonly keys?: readonly string[] } = {},
): Table => {
  const columns = new Map<string, Column>([["y", stringColumn(labels)]]);
  if (more.times) columns.set("t", timeColumn(more.times));
  if (more.keys) columns.set("k", stringColumn(more.keys));
  return { rows: labels.length, columns };
};
const alternating = (rows: number) =>
  Array.from({ length: rows }, (_, i) => (i % 2 ? "yes" : "no"));

describe("training and test", () => {
  const kinds = fc.constantFrom("time", "stratified", "random", "grouped" as const);

  test("share no row, and together are all rows with a target", () => {
    fc.assert(
      fc.property(kinds, fc.integer({ min: 20, max: 80 }), fc.integer(), (split, rows, seed) => {
        const labels = alternating(rows).map((label, i) => (i % 7 === 3 ? undefined : label));
        const times = labels.map((_, i) => (i * 37) % 50);
        const keys = labels.map((_, i) => `k${i % 9}`);
        const table = tableOf(labels, { times, keys });
        const own = spec({ split, seed, time: "t", ...(split === "grouped" ? { key: "k" } : {}) });
        const data = trainingData(own, table);
        const known = labels.filter((label) => label !== undefined).length;
        expect(data.table.rows).toBe(known);
        expect([...data.train, ...data.test].sort((x, y) => x - y)).toEqual(
          Array.from({ length: known }, (_, i) => i),
        );
        for (const { train, test } of trainingFolds(own, data, 3)) {
          const learned = new Set(train);
          expect([...test].some((row) => learned.has(row))).toBe(false);
          expect([...train, ...test].every((row) => data.train.includes(row))).toBe(true);
        }
      }),
    );
  });

  test("by time: the test is later than all that is learned from, and each round's too", () => {
    const times = Array.from({ length: 60 }, (_, i) => i);
    const data = trainingData(
      spec({ split: "time", time: "t" }),
      tableOf(alternating(60), { times }),
    );
    expect(Math.max(...data.train)).toBeLessThan(Math.min(...data.test));
    const rounds = trainingFolds(spec({ split: "time", time: "t" }), data, 5);
    expect(rounds).toHaveLength(5);
    for (const { train, test } of rounds)
      expect(Math.max(...train)).toBeLessThan(Math.min(...test));
  });

  test("an entity is on one side", () => {
    const keys = Array.from({ length: 60 }, (_, i) => `k${i % 10}`);
    const data = trainingData(
      spec({ split: "grouped", key: "k" }),
      tableOf(alternating(60), { keys }),
    );
    const names = (rows: Uint32Array) => new Set([...rows].map((row) => keys[row]));
    expect([...names(data.test)].some((name) => names(data.train).has(name))).toBe(false);
  });
});

describe("rounds", () => {
  test("with a single class are left out", () => {
    const labels = Array.from({ length: 60 }, (_, i) => (i < 24 || i % 2 ? "no" : "yes"));
    const own = spec({ split: "time", time: "t" });
    const data = trainingData(own, tableOf(labels, { times: labels.map((_, i) => i) }));
    const rounds = trainingFolds(own, data, 5);
    expect(rounds.length).toBeGreaterThan(0);
    expect(rounds.length).toBeLessThan(5);
    for (const { train, test } of rounds)
      for (const rows of [train, test])
        expect(new Set([...rows].map((row) => data.target[row])).size).toBe(2);
  });

  test("are dealt class by class when time leaves none", () => {
    const labels = Array.from({ length: 60 }, (_, i) => (i < 40 ? "no" : i < 45 ? "yes" : "no"));
    const own = spec({ split: "time", time: "t" });
    const data = trainingData(own, tableOf(labels, { times: labels.map((_, i) => i) }));
    expect(trainingFolds(own, data, 5).length).toBeGreaterThan(0);
  });
});

describe("targets", () => {
  test("are class numbers; unknown classes and missing values are not known", () => {
    const column = stringColumn(["yes", "no", undefined, "maybe"]);
    expect([...targetOf(column, "binary", ["no", "yes"])]).toEqual([1, 0, Number.NaN, Number.NaN]);
    expect([...targetOf(numberColumn([3, 7, Number.NaN]), "multiclass", ["3", "7"])]).toEqual([
      ...[0, 1, Number.NaN],
    ]);
  });

  test("of numbers must be numbers", () => {
    expect(() => targetOf(stringColumn(["a"]), "regression", [])).toThrow("number column");
  });

  test("and columns that are not there are named with those that are", () => {
    expect(() => columnNamed(tableOf(["no"]), "x")).toThrow('no column "x". It has: y.');
  });

  test("a time column without dates says how to write them", () => {
    const table = {
      rows: 2,
      columns: new Map([
        ["y", stringColumn(["no", "yes"])],
        ["t", stringColumn(["a", "b"])],
      ]),
    };
    expect(() => trainingData(spec({ split: "time", time: "t" }), table)).toThrow("2026-03-01");
  });
});

test("rows and folds are kept with the table, for each spec its own", () => {
  const table = tableOf(alternating(60));
  const data = trainingData(spec(), table);
  expect(trainingData(spec(), table)).toBe(data);
  const dealt = trainingFolds(spec(), data, 3);
  expect(trainingFolds(spec(), data, 3)).toBe(dealt);
  expect(trainingFolds(spec({ repeats: 3 }), data, 3)).toHaveLength(9);
  expect(trainingFolds(spec(), data, 3)).toHaveLength(3);
  expect(trainingData(spec({ testShare: 0.5 }), table).test.length).toBeGreaterThan(
    data.test.length,
  );
});
