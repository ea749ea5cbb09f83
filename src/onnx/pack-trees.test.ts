import { describe, expect, test } from "vitest";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { graph } from "./graph.ts";
import { packTrees } from "./pack-trees.ts";
import type { Signature } from "./signature.ts";

const signature: Signature = { task: "regression", target: "y", classes: [], columns: [] };
const FEATURES = 3;

interface Options {
  readonly trees?: number;
  readonly aggregate?: "SUM" | "AVERAGE";
  readonly base?: readonly number[];
  readonly targets?: number;
  readonly mode?: string;
  readonly lastIsLeaf?: boolean;
}

/** Complete trees of depth 6 with thresholds and leaves from a fixed sequence; text `s` goes through a LabelEncoder beside them. */
function forest(options: Options = {}): Uint8Array {
  const { trees = 60, aggregate = "SUM", base, targets = 1, mode = "BRANCH_LEQ" } = options;
  let seed = 1;
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const nodes: { tree: number; id: number; leaf: boolean; yes: number; no: number }[] = [];
  for (let tree = 0; tree < trees; tree++) {
    const count = options.lastIsLeaf && tree === trees - 1 ? 1 : 127;
    for (let id = 0; id < count; id++) {
      const leaf = count === 1 || id >= 63;
      nodes.push({ tree, id, leaf, yes: leaf ? 0 : 2 * id + 1, no: leaf ? 0 : 2 * id + 2 });
    }
  }
  const leaves = nodes.filter(({ leaf }) => leaf);
  const ints = (of: (node: (typeof nodes)[number]) => number) => ({ ints: nodes.map(of) });
  const g = graph();
  const x = g.input("x", "float32", ["N", FEATURES]);
  const s = g.input("s", "string", ["N", 1]);
  g.node(
    "TreeEnsembleRegressor",
    [x],
    {
      n_targets: targets,
      aggregate_function: aggregate,
      post_transform: "NONE",
      ...(base ? { base_values: { floats: base } } : {}),
      nodes_treeids: ints(({ tree }) => tree),
      nodes_nodeids: ints(({ id }) => id),
      nodes_featureids: ints(({ leaf }) => (leaf ? 0 : Math.floor(next() * FEATURES))),
      nodes_values: { floats: nodes.map(next) },
      nodes_modes: { strings: nodes.map(({ leaf }) => (leaf ? "LEAF" : mode)) },
      nodes_truenodeids: ints(({ yes }) => yes),
      nodes_falsenodeids: ints(({ no }) => no),
      nodes_missing_value_tracks_true: ints(({ leaf }) => (leaf ? 0 : Math.round(next()))),
      nodes_hitrates: { floats: nodes.map(() => 1) },
      target_treeids: { ints: leaves.map(({ tree }) => tree) },
      target_nodeids: { ints: leaves.map(({ id }) => id) },
      target_ids: { ints: leaves.map(({ tree }) => tree % targets) },
      target_weights: { floats: leaves.map(() => next() - 0.5) },
    },
    { domain: "ai.onnx.ml", outputs: ["y"] },
  );
  const codes = { keys_strings: { strings: ["a", "b"] }, values_int64s: { ints: [0, 1] } };
  g.node("LabelEncoder", [s], codes, { domain: "ai.onnx.ml", outputs: ["code"] });
  g.output("y", "float32", ["N", targets]);
  g.output("code", "int64", ["N", 1]);
  return g.encode(signature);
}

describe("large tree ensembles", () => {
  test.each<[string, Options]>([
    ["a sum", {}],
    ["a mean", { aggregate: "AVERAGE" }],
    ["a sum beside a base", { base: [0.25] }],
    ["several targets, each with its base", { targets: 3, base: [1, -2, 0.5] }],
  ])("%s: a smaller file that says the same, bit by bit", async (_, options) => {
    const bytes = forest(options);
    const packed = packTrees(bytes);
    expect(packed.length).toBeLessThan(bytes.length / 2);
    const ort = await import("onnxruntime-node");
    const rows = 200;
    const x = Float32Array.from({ length: rows * FEATURES }, (_, i) =>
      i % 11 === 0 ? Number.NaN : ((i * 7919) % 1009) / 1009,
    );
    const feeds = {
      x: new ort.Tensor("float32", x, [rows, FEATURES]),
      s: new ort.Tensor(
        "string",
        Array.from({ length: rows }, (_, i) => "abc"[i % 3]!),
        [rows, 1],
      ),
    };
    const ask = async (model: Uint8Array) => {
      const said = await (await ort.InferenceSession.create(model)).run(feeds);
      return { y: said.y!.data, code: said.code!.data };
    };
    const said = await ask(packed);
    expect(said).toEqual(await ask(bytes));
    expect(new Set(said.y as Float32Array).size).toBeGreaterThan(rows / 2);
  });

  test("are read where they lie within other bytes, and run in both runtimes", async () => {
    const within = Buffer.concat([Buffer.alloc(3), forest()]).subarray(3);
    expect(packTrees(within)).toEqual(packTrees(forest()));
    const x = { type: "float32", dims: [1, 3], data: Float32Array.of(0.1, 0.5, 0.9) } as const;
    const s = { type: "string", dims: [1, 1], data: ["b"] } as const;
    const said = await Promise.all(
      (["native", "wasm"] as const).map(async (flavour) => {
        const session = await (await onnxRuntime(flavour)).load(forest());
        const outputs = await session.run({ x, s });
        await session.close();
        return outputs;
      }),
    );
    expect(said[0]).toEqual(said[1]);
  });

  test.each<[string, Uint8Array]>([
    ["small ones", forest({ trees: 2 })],
    ["other comparisons", forest({ mode: "BRANCH_LT" })],
    ["comparisons of the same length", forest({ mode: "BRANCH_GTE" })],
    ["a tree that is a leaf", forest({ lastIsLeaf: true })],
    ["what is no model", new Uint8Array(100_000)],
  ])("%s stay as they are", (what, bytes) => {
    if (what === "what is no model") expect(() => packTrees(bytes)).toThrow("no ONNX model");
    else expect(packTrees(bytes)).toBe(bytes);
  });
});
