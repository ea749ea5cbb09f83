import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PARENT } from "../families/over-parent.ts";
import { type Digest, digestOf } from "../lib/digest.ts";
import { graph } from "../onnx/graph.ts";
import type { Signature } from "../onnx/signature.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Sessions, sessions } from "../runtime/sessions.ts";
import { loadModel } from "../serving/load-model.ts";
import type { RoutedVersion } from "../serving/route.ts";
import { type Column, numberColumn, stringColumn } from "../table/table.ts";
import type { PinnedMember } from "./pinned-family.ts";
import { scoreMembers } from "./score-members.ts";

/** value = factor × column + offset. */
function line(column: string, factor: number, offset: number): Uint8Array {
  const g = graph();
  const x = g.input(column, "float32", ["N", 1]);
  const scaled = g.node("Mul", [x, g.constant("float32", [1], [factor])]);
  g.node("Add", [scaled, g.constant("float32", [1], [offset])], {}, { outputs: ["value"] });
  g.output("value", "float32", ["N", 1]);
  const columns: Signature["columns"] = [{ name: column, role: "numeric" }];
  return g.encode({ task: "regression", target: "y", classes: [], columns });
}

const kept = new Map<Digest, Uint8Array>();
const blobs = {
  get: async (digest: Digest) => {
    const bytes = kept.get(digest);
    if (bytes) return bytes;
    const { MillwrightError } = await import("../errors.ts");
    throw new MillwrightError("not_found", `no blob ${digest}`);
  },
};
const put = (bytes: Uint8Array): Digest => {
  kept.set(digestOf(bytes), bytes);
  return digestOf(bytes);
};

let runtime: Runtime;
let shelf: Sessions<Signature>;
let opened = 0;
beforeAll(async () => {
  runtime = await onnxRuntime();
  shelf = sessions(
    (onnx) => {
      opened++;
      return loadModel({ blobs, runtime }, onnx);
    },
    { maxModels: 3 },
  );
});
afterAll(() => shelf.close());

const version = (onnx: Digest, number: number, over?: RoutedVersion): RoutedVersion => ({
  ...{ id: digestOf(`${onnx} ${number}`), number, onnx },
  ...(over ? { over: { onnx: over.onnx, ...(over.over ? { over: over.over } : {}) } } : {}),
});
const shared = { model: "f", champion: version(put(line("x", 3, 1)), 7) };
const region = version(put(line(PARENT, 1, 1000)), 2, shared.champion);
const member = (model: string, champion: RoutedVersion): [string, PinnedMember] => [
  model,
  { model, champion },
];
const LEVELS = [["shop", "region"], ["region"]];

/** Columns of rows `shop region x`; "" is missing. */
function tableOf(rows: readonly (readonly [string, string, number])[]) {
  const texts = (at: 0 | 1) => stringColumn(rows.map((row) => (row[at] === "" ? null : row[at])));
  return {
    rows: rows.length,
    columns: new Map<string, Column>([
      ["shop", texts(0)],
      ["region", texts(1)],
      ["x", numberColumn(rows.map((row) => row[2]))],
    ]),
  };
}
const ask = (
  members: readonly [string, PinnedMember][],
  rows: readonly (readonly [string, string, number])[],
) =>
  scoreMembers(
    { sessions: shelf, unloadable: new Set() },
    {
      ...{ task: "regression", table: tableOf(rows), shared, levels: LEVELS },
      members: new Map(members),
    },
  );

describe("the rows of a batch", () => {
  test("are each answered by the nearest member that has a model, over its parents", async () => {
    const members = [
      member("f.a.north", version(put(line("x", 10, 0)), 1)),
      member("f.b.north", version(put(line(PARENT, 2, 0)), 4, region)),
      member("f.L1.north", region),
    ];
    const said = await ask(members, [
      ["b", "north", 1],
      ["a", "north", 2],
      ["new", "north", 3],
      ["a", "south", 4],
      ["", "north", 5],
      ["b", "", 6],
      ["b", "north", 7],
    ]);
    const byRegion = (x: number) => 3 * x + 1 + 1000;
    expect([...said.scores.values]).toEqual([
      ...[2 * byRegion(1), 20, byRegion(3), 13, byRegion(5), 19, 2 * byRegion(7)],
    ]);
    const by = said.answerers.map(({ model, level, rows }) => [model, level, rows]);
    expect(by).toEqual([
      ["f.b.north", 0, [0, 6]],
      ["f.a.north", 0, [1]],
      ["f.L1.north", 1, [2, 4]],
      ["f", 2, [3, 5]],
    ]);
    expect(said.parents[0]).toBe(byRegion(1));
    expect(Number.isNaN(said.parents[1])).toBe(true);
    expect(said.stoodIn.size).toBe(0);
  });

  test("go to the shared model where a member, or what it stands on, cannot be loaded", async () => {
    const gone = version(digestOf("no such file"), 3);
    const broken = version(put(new TextEncoder().encode("no model")), 3);
    const members = [
      member("f.gone.north", gone),
      member("f.broken.north", broken),
      member("f.orphan.north", version(put(line(PARENT, 5, 0)), 4, gone)),
      member("f.fine.north", version(put(line(PARENT, 5, 1)), 4, region)),
    ];
    const rows = ["gone", "orphan", "fine", "broken"].map((shop, i) => [shop, "north", i] as const);
    const said = await ask(members, rows);
    expect([...said.scores.values]).toEqual([1, 4, 5 * 1007 + 1, 10]);
    expect([...said.stoodIn].sort()).toEqual([0, 1, 3]);
    const levels = said.answerers.flatMap(({ model, level, rows }) =>
      rows.map((row) => [row, model, level] as const),
    );
    expect(levels.sort((a, b) => a[0] - b[0])).toEqual([
      [0, "f", 2],
      [1, "f", 2],
      [2, "f.fine.north", 0],
      [3, "f", 2],
    ]);
  });

  test("thousands of members are answered by a shelf for three", async () => {
    const names = Array.from({ length: 2000 }, (_, i) => `s${i}`);
    const members = names.map((shop, i) =>
      member(`f.${shop}.north`, version(put(line("x", 1, i)), 1)),
    );
    const rows = names.flatMap((shop) => [
      [shop, "north", 0.5] as const,
      [shop, "north", 1] as const,
    ]);
    opened = 0;
    const said = await ask(members, rows);
    expect([...said.scores.values]).toEqual(names.flatMap((_, i) => [i + 0.5, i + 1]));
    expect(opened).toBe(2000);
    expect(shelf.loaded).toBeLessThanOrEqual(3);
  });

  test("those that correct what is above them share a graph, others have their own", async () => {
    const load = (onnx: Digest) => loadModel({ blobs, runtime }, onnx);
    const loaded = await Promise.all(
      [line(PARENT, 1, 5), line(PARENT, 2, 6), line("x", 1, 5)].map((file) => load(put(file))),
    );
    expect(loaded.map(({ session }) => session.sharesGraph)).toEqual([true, true, undefined]);
    await Promise.all(loaded.map(({ session }) => session.close()));
  });
});
