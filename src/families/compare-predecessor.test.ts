import { afterAll, beforeAll, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { type Digest, digestOf } from "../lib/digest.ts";
import { graph } from "../onnx/graph.ts";
import type { Signature } from "../onnx/signature.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { type Sessions, sessions } from "../runtime/sessions.ts";
import { loadModel } from "../serving/load-model.ts";
import { numberColumn, type Table, timeColumn } from "../table/table.ts";
import { comparePredecessor } from "./compare-predecessor.ts";
import { ENOUGH, type LevelTask } from "./family.ts";
import { PARENT } from "./over-parent.ts";
import type { Predecessor } from "./predecessor.ts";

/** value = column + offset. */
function plus(column: string, offset: number): Uint8Array {
  const g = graph();
  const x = g.input(column, "float32", ["N", 1]);
  g.node("Add", [x, g.constant("float32", [1], [offset])], {}, { outputs: ["value"] });
  g.output("value", "float32", ["N", 1]);
  const columns: Signature["columns"] = [{ name: column, role: "numeric" }];
  return g.encode({ task: "regression", target: "y", classes: [], columns });
}

const kept = new Map<Digest, Uint8Array>();
let shelf: Sessions<Signature>;
beforeAll(async () => {
  const runtime = await onnxRuntime();
  const get = async (digest: Digest) => {
    const bytes = kept.get(digest);
    if (bytes === undefined) throw new MillwrightError("not_found", `no blob ${digest}`);
    return bytes;
  };
  shelf = sessions((onnx) => loadModel({ blobs: { get }, runtime }, onnx));
});
afterAll(() => shelf.close());
const put = (bytes: Uint8Array): Digest => {
  kept.set(digestOf(bytes), bytes);
  return digestOf(bytes);
};

const task = {
  spec: { task: "regression", time: "at", model: "f" },
  enough: ENOUGH,
} as unknown as LevelTask;

/** 40 test rows at the seconds 0..39; y = x and, from second 20 on, wobbling about it. The new version is wrong by `off`. */
function compare(predecessor: Predecessor, off: number) {
  const n = 40;
  const x = Float64Array.from({ length: n }, (_, i) => i % 7);
  const target = x.map((value, i) => value + 0.1 * Math.sin(i));
  const table: Table = {
    rows: n,
    columns: new Map([
      ["x", numberColumn(x)],
      ["at", timeColumn(Float64Array.from({ length: n }, (_, i) => i))],
    ] as [string, ReturnType<typeof timeColumn> | ReturnType<typeof numberColumn>][]),
  };
  const own = { table, target, parts: new Int8Array(n).fill(-1) };
  const losses = target.map((y, i) => (x[i]! + off - y) ** 2);
  const test = Uint32Array.from({ length: n }, (_, i) => i);
  return comparePredecessor({ sessions: shelf }, { task, predecessor, own, test, losses });
}

test("the version in service stays where it is shown to be better on rows later than it knows", async () => {
  const file = { onnx: put(plus("x", 0)) };
  const found = await compare({ number: 3, file, after: 19 }, 0.5);
  expect(found).toMatchObject({ number: 3, stays: true });
  expect(found.words).toMatch(
    /did worse: loss 0\.2\d+ against 0\.00\d+ of version 3 on 20 test rows/,
  );
});

test("it is asked with what its own parent says", async () => {
  const over = { onnx: put(plus("x", 10)) };
  const file = { onnx: put(plus(PARENT, -10)), over };
  expect(await compare({ number: 3, file, after: 19 }, 0.5)).toMatchObject({ stays: true });
});

test("one that is as good or worse makes room", async () => {
  for (const [offset, off] of [
    [0.5, 0],
    [0, 0],
  ] as const) {
    const file = { onnx: put(plus("x", offset)) };
    const found = await compare({ number: 3, file, after: 19 }, off);
    expect(found).toMatchObject({ stays: false });
    expect(found.words).toMatch(/^took the place of version 3: loss/);
  }
});

test("with too few later rows, no file, or one that has become worse, nothing is compared, and it says why", async () => {
  const file = { onnx: put(plus("x", 0)) };
  const few = await compare({ number: 3, file, after: 30 }, 0.5);
  expect(few.stays).toBe(false);
  expect(few.words).toMatch(/not compared: 9 test rows are later .* 10 are needed/);
  const gone = await compare({ number: 3, file: { onnx: digestOf("gone") }, after: 0 }, 0.5);
  expect(gone.words).toMatch(/not compared: its file cannot be loaded/);
  const failing = await compare({ number: 2, because: "that had become worse" }, 0.5);
  expect(failing).toEqual({
    ...{ number: 2, stays: false },
    words: "took the place of version 2, with which it was not compared: that had become worse",
  });
});
