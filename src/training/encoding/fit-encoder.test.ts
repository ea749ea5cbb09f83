import { describe, expect, test } from "vitest";
import { random } from "../../lib/random.ts";
import type { Task } from "../../lib/task.ts";
import { toFeeds } from "../../onnx/feeds.ts";
import { graph } from "../../onnx/graph.ts";
import { onnxRuntime } from "../../runtime/onnxruntime.ts";
import { stringColumn, type Table } from "../../table/table.ts";
import { MIXED_COLUMNS, mixedTable, mixedTarget } from "../../testing/mixed-table.ts";
import type { Design, Encoder, EncodingStyle } from "./encoding.ts";
import { fitEncoder } from "./fit-encoder.ts";

/** Runs the encoder's graph on a table. */
async function encodedByGraph(encoder: Encoder, table: Table, flavour: "native" | "wasm") {
  const g = graph();
  const { dense, bags } = encoder.emit(g);
  if (dense !== "") g.output(dense, "float32", ["N", "D"]);
  for (const bag of bags) {
    g.output(bag.ids, "int64", ["N", "L"]);
    g.output(bag.values, "float32", ["N", "L"]);
  }
  const signature = {
    task: "regression",
    target: "y",
    classes: [],
    columns: encoder.columns,
  } as const;
  const session = await (await onnxRuntime(flavour)).load(g.encode(signature));
  const out = await session.run(toFeeds(signature, table));
  return {
    dense: out[dense]?.data as Float32Array | undefined,
    bags: bags.map((bag) => ({
      width: out[bag.ids]!.dims[1]!,
      ids: Array.from(out[bag.ids]!.data as BigInt64Array, Number),
      values: out[bag.values]!.data as Float32Array,
    })),
  };
}

async function expectParity(encoder: Encoder, table: Table, flavour: "native" | "wasm") {
  const expected: Design = encoder.encode(table);
  const actual = await encodedByGraph(encoder, table, flavour);
  let worst = 0;
  expected.dense.forEach((x, p) => {
    const y = actual.dense![p]!;
    if (Number.isNaN(x) || Number.isNaN(y))
      expect(y, `dense ${expected.names[p % expected.width]}`).toBe(x);
    else worst = Math.max(worst, Math.abs(x - y) / Math.max(1, Math.abs(x)));
  });
  expected.bags.forEach((bag, b) => {
    const { width, ids, values } = actual.bags[b]!;
    for (let i = 0; i < table.rows; i++) {
      const got = new Map<number, number>();
      for (let p = i * width; p < (i + 1) * width; p++)
        if (values[p] !== 0) got.set(ids[p]!, (got.get(ids[p]!) ?? 0) + values[p]!);
      const want = new Map<number, number>();
      for (let p = bag.offsets[i]!; p < bag.offsets[i + 1]!; p++)
        want.set(bag.ids[p]!, (want.get(bag.ids[p]!) ?? 0) + bag.values[p]!);
      expect([...got.keys()].sort(), `${bag.name} row ${i}`).toEqual([...want.keys()].sort());
      for (const [id, value] of want) worst = Math.max(worst, Math.abs(value - got.get(id)!));
    }
  });
  expect(worst).toBeLessThan(2e-6);
}

describe.each<[EncodingStyle, Task]>([
  ["tree", "binary"],
  ["tree", "multiclass"],
  ["tree", "regression"],
  ["smooth", "binary"],
  ["smooth", "regression"],
])("%s encoding for %s", (style, task) => {
  const table = mixedTable(400, 1);
  const target = mixedTarget(table, task);
  const classes = { binary: 2, multiclass: 3, regression: 0 }[task];
  const { encoder, design } = fitEncoder({
    table,
    columns: MIXED_COLUMNS,
    target,
    task,
    classes,
    style,
    seed: 7,
  });

  test.each(["native", "wasm"] as const)("is the same in the graph (%s)", async (flavour) => {
    await expectParity(encoder, table, flavour);
    await expectParity(encoder, mixedTable(60, 2, true), flavour);
  });

  test("is the same in the graph for one row with everything missing", async () => {
    await expectParity(encoder, { rows: 1, columns: new Map() }, "native");
  });

  test("names every dense column once and is deterministic", () => {
    expect(design.names).toHaveLength(design.width);
    expect(new Set(design.names).size).toBe(design.width);
    const again = fitEncoder({
      table,
      columns: MIXED_COLUMNS,
      target,
      task,
      classes,
      style,
      seed: 7,
    });
    expect(again.design).toEqual(design);
    expect(again.encoder.encode(table)).toEqual(encoder.encode(table));
  });
});

test("features made from the target do not know the target of their own row", () => {
  // A category of many values that means nothing, and a target that is chance.
  const r = random(3);
  const rows = 2000;
  const id = stringColumn(Array.from({ length: rows }, () => `k${r.int(300)}`));
  const words = stringColumn(Array.from({ length: rows }, () => `a${r.int(900)} b${r.int(900)}`));
  const target = Float64Array.from({ length: rows }, () => r.int(2));
  const { design, encoder } = fitEncoder({
    table: { rows, columns: new Map(Object.entries({ id, words })) },
    columns: [
      { name: "id", role: "category" },
      { name: "words", role: "text" },
    ],
    target,
    task: "binary",
    classes: 2,
    style: "tree",
    seed: 1,
  });
  const gap = (d: Design, name: string) => {
    const j = d.names.indexOf(name);
    const mean = (label: number) => {
      const values = Array.from(target.keys())
        .filter((i) => target[i] === label)
        .map((i) => d.dense[i * d.width + j]!);
      return values.reduce((a, b) => a + b, 0) / values.length;
    };
    return mean(1) - mean(0);
  };
  const full = encoder.encode({ rows, columns: new Map(Object.entries({ id, words })) });
  for (const name of ["id~target", "words~score"]) {
    expect(gap(full, name), `${name} with its own target`).toBeGreaterThan(0.03);
    expect(gap(design, name), `${name} cross-fitted`).toBeLessThan(0.02);
  }
});
