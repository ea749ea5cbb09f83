import { describe, expect, test } from "vitest";
import { numberColumn, stringColumn, type Table, takeRows, timeColumn } from "../table/table.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { PARTS } from "./family.ts";
import { partsOf, TEST } from "./parts.ts";

const rows = 3000;
const table: Table = {
  rows,
  columns: new Map<string, Table["columns"] extends ReadonlyMap<string, infer C> ? C : never>([
    ["id", stringColumn(Array.from({ length: rows }, (_, i) => `k${i % 1500}`))],
    ["x", numberColumn(Array.from({ length: rows }, (_, i) => i / 7))],
    ["at", timeColumn(Array.from({ length: rows }, (_, i) => i))],
    ["y", stringColumn(Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? "a" : "b")))],
  ]),
};
const target = Float64Array.from({ length: rows }, (_, i) => Number(i % 3 === 0));
const spec = {
  ...{ model: "f", task: "binary", target: "y", classes: ["b", "a"], seed: 1, testShare: 0.2 },
  columns: [{ name: "x", role: "numeric" }],
  ...{ time: undefined, key: undefined, split: "stratified" },
} as unknown as TrainingSpec;
const share = (parts: Int8Array, part: number) =>
  parts.reduce((n, p) => n + Number(p === part), 0) / parts.length;

describe("parts of a family's rows", () => {
  test("a fifth is test, the rest in equal parts", () => {
    const parts = partsOf(spec, table, target);
    expect(share(parts, TEST)).toBeCloseTo(0.2, 1);
    for (let part = 0; part < PARTS; part++) expect(share(parts, part)).toBeCloseTo(0.8 / PARTS, 1);
  });

  test("a row stays where it is, whatever else comes and in which order", () => {
    const some = Uint32Array.from({ length: 1000 }, (_, i) => (i * 7) % rows);
    const all = partsOf(spec, table, target);
    const taken = Float64Array.from(some, (row) => target[row]!);
    expect([...partsOf(spec, takeRows(table, some), taken)]).toEqual([...some].map((r) => all[r]));
  });

  test("rows of one key are together", () => {
    const parts = partsOf({ ...spec, key: "id" }, table, target);
    for (let i = 0; i < 1500; i++) expect(parts[i]).toBe(parts[i + 1500]);
  });

  test("by time the test is what came last", () => {
    const parts = partsOf({ ...spec, time: "at", split: "time" }, table, target);
    expect(parts.indexOf(TEST)).toBe(2400);
    expect(share(parts.subarray(2400), TEST)).toBe(1);
  });
});
