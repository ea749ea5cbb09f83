import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../lib/json.ts";
import { type Column, numberColumn, stringColumn } from "../table/table.ts";
import { rowValue } from "./cells.ts";
import { rowsToFeeds, tableToFeeds } from "./graph-feeds.ts";
import { joinRuns, mapped, splitRuns } from "./row-runs.ts";
import type { GraphBinding, GraphInput, GraphType } from "./signature.ts";
import { sliceRows } from "./tensor.ts";

const binding = (...inputs: GraphInput[]): GraphBinding => ({ batch: null, inputs, outputs: [] });
const input = (type: GraphType, columns: string[], more: Partial<GraphInput> = {}): GraphInput => ({
  ...{ name: "X", type, shape: [null, columns.length], columns },
  ...more,
});

describe("rows to inputs", () => {
  test("columns lie side by side; missing is NaN, text may be numbers", () => {
    const { groups, problems } = rowsToFeeds(binding(input("float32", ["a", "b"])), [
      { a: 1, b: "2.5" },
      { b: true, a: null },
    ]);
    expect(problems).toEqual([]);
    expect(groups[0]!.feeds.X).toEqual({
      ...{ type: "float32", dims: [2, 2], data: Float32Array.of(1, 2.5, Number.NaN, 1) },
    });
  });

  test('what a map did not have is 0, and "" for texts', () => {
    const { groups } = rowsToFeeds(binding(input("float32", ["a", "b"], { keys: ["a", "b"] })), [
      { b: 2 },
    ]);
    expect(groups[0]!.feeds.X!.data).toEqual(Float32Array.of(0, 2));
    const texts = rowsToFeeds(binding(input("string", ["a"])), [{}, { a: 7 }, { a: "x" }]);
    expect(texts.groups[0]!.feeds.X!.data).toEqual(["", "7", "x"]);
  });

  test("whole numbers have no missing value and a range; 64 bits are exact", () => {
    const { groups, problems } = rowsToFeeds(binding(input("uint8", ["n"])), [
      ...[{ n: 255 }, { n: 256 }, { n: null }, { n: 1.5 }, { n: "x" }, { n: [1] }],
    ] as Record<string, Json>[]);
    expect(problems.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5]);
    expect(problems[0]!.expected).toBe("a whole number from 0 to 255");
    expect(problems[1]!.expected).toMatch(/not missing/);
    expect(groups.map(({ places }) => places)).toEqual([[0]]);
    const big = rowsToFeeds(binding(input("int64", ["n"])), [{ n: "-9223372036854775808" }]);
    expect(big.groups[0]!.feeds.X!.data).toEqual(BigInt64Array.of(-(2n ** 63n)));
  });

  test("lists of open sizes are grouped by shape; others must fit", () => {
    const graph = binding({ ...input("float32", ["t"]), shape: [null, null, 2], least: 0 });
    const { groups, problems } = rowsToFeeds(graph, [
      { t: [[1, 2]] },
      {
        t: [
          [1, 2],
          [3, 4],
        ],
      },
      { t: [[5, 6]] },
      { t: [1, 2] },
      { t: [[1, 2], [3]] },
      {},
    ] as Record<string, Json>[]);
    expect(groups.map(({ places }) => places)).toEqual([[0, 2], [1]]);
    expect(groups[0]!.feeds.X!.dims).toEqual([2, 1, 2]);
    expect([...new Set(problems.map(({ row }) => row))].sort()).toEqual([3, 4, 5]);
  });

  test("a flat list does for a nested one of the same size", () => {
    const graph = binding({ ...input("float32", ["t"]), shape: [null, 2, 2] });
    const { groups } = rowsToFeeds(graph, [
      { t: [1, 2, 3, 4] },
      {
        t: [
          [1, 2],
          [3, 4],
        ],
      },
    ] as never);
    expect(groups[0]!.feeds.X!.data).toEqual(Float32Array.of(1, 2, 3, 4, 1, 2, 3, 4));
  });
});

test("what goes in as rows comes back as rows: values, lists and maps", () => {
  const types: GraphType[] = [
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint32",
    "bool",
    "string",
  ];
  const cell = (type: GraphType): fc.Arbitrary<Json> =>
    type === "string"
      ? fc.string().filter((text) => text !== "")
      : type === "bool"
        ? fc.boolean()
        : fc.integer({ min: type.startsWith("uint") ? 0 : -100, max: 100 });
  const arbitrary = fc.constantFrom(...types).chain((type) =>
    fc.tuple(
      fc.constant(type),
      fc.integer({ min: 2, max: 4 }),
      fc.array(fc.array(cell(type), { minLength: 4, maxLength: 4 }), {
        minLength: 1,
        maxLength: 9,
      }),
    ),
  );
  fc.assert(
    fc.property(arbitrary, ([type, width, cells]) => {
      const columns = Array.from({ length: width }, (_, k) => `k${k}`);
      const rows = cells.map((row) => Object.fromEntries(columns.map((c, k) => [c, row[k]!])));
      const { groups, problems } = rowsToFeeds(binding(input(type, columns)), rows);
      expect(problems).toEqual([]);
      rows.forEach((row, i) => {
        expect(rowValue(sliceRows(groups[0]!.feeds.X!, i, i + 1), columns)).toEqual(row);
      });
    }),
  );
});

test("runs of any size give what one run would have given", () => {
  const arbitrary = fc.record({
    rows: fc.integer({ min: 1, max: 20 }),
    batch: fc.option(fc.integer({ min: 1, max: 7 })),
    whole: fc.boolean(),
    width: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(arbitrary, ({ rows, batch, whole, width }) => {
      const graph: GraphBinding = {
        ...binding(),
        batch: whole ? 1 : batch,
        ...(whole ? { whole } : {}),
      };
      const data = Float32Array.from({ length: rows * width }, (_, i) => i);
      const feeds = { X: { type: "float32" as const, dims: [rows, width], data } };
      const runs = splitRuns(graph, feeds, rows);
      for (const run of runs) expect(run.X!.dims).toEqual(whole ? [width] : [batch ?? rows, width]);
      const doubled = runs.map((run) =>
        mapped(
          run,
          (t) => ({ ...t, data: Float32Array.from(t.data as Float32Array, (v) => 2 * v) }) as never,
        ),
      );
      const { X } = joinRuns(graph, doubled, rows);
      expect(X).toEqual({ type: "float32", dims: [rows, width], data: data.map((v) => 2 * v) });
    }),
  );
});

test("a table's columns become inputs; lists and fractions do not", () => {
  const table = {
    rows: 3,
    columns: new Map<string, Column>([
      ["a", numberColumn([1, Number.NaN, 3])],
      ["c", stringColumn(["x", null, "y"])],
    ]),
  };
  const all = { from: 0, to: 3 };
  expect(tableToFeeds(binding(input("float64", ["a", "b"])), table, { from: 1, to: 3 }).X).toEqual({
    ...{ type: "float64", dims: [2, 2] },
    data: Float64Array.of(Number.NaN, Number.NaN, 3, Number.NaN),
  });
  expect(tableToFeeds(binding(input("string", ["c"])), table, all).X!.data).toEqual(["x", "", "y"]);
  expect(() => tableToFeeds(binding(input("int32", ["a"])), table, all)).toThrow(
    /Row 2, a: NaN should be a whole number/,
  );
  const list = binding({ ...input("float32", ["t"]), shape: [null, 2, 2] });
  expect(() => tableToFeeds(list, table, all)).toThrow(/takes a list in each cell of 't'/);
});
