import type { Graph } from "../../onnx/graph.ts";
import type { EmittedDesign } from "../encoding/encoding.ts";
import type { Ensemble } from "./ensemble.ts";

/**
 * Adds a TreeEnsembleRegressor and returns its output, float32 [N, outputs]: `base` plus the sum or mean over trees. Always
 * post_transform NONE: ONNX Runtime ignores LOGISTIC for one target. BRANCH_LEQ on float32 thresholds is what binning and
 * `addTrees` do; covers go into nodes_hitrates for whoever explains the file.
 */
export function emitTrees(
  graph: Graph,
  input: EmittedDesign,
  e: Ensemble,
  aggregate: "SUM" | "AVERAGE",
  base?: ArrayLike<number>,
): string {
  const size = e.feature.length;
  const tree = new Int32Array(size);
  const local = new Int32Array(size);
  e.roots.forEach((root, t) => {
    const end = e.roots[t + 1] ?? size;
    for (let i = root; i < end; i++) {
      tree[i] = t;
      local[i] = i - root;
    }
  });
  const isLeaf = (i: number) => e.feature[i]! < 0;
  const leaves: { tree: number; node: number; target: number; weight: number }[] = [];
  for (let i = 0; i < size; i++) {
    if (!isLeaf(i)) continue;
    const [t, node, target] = [tree[i]!, local[i]!, e.targets[tree[i]!]!];
    for (let k = 0; k < e.valueWidth; k++) {
      const weight = e.value[i * e.valueWidth + k]!;
      // What is not written is 0; a leaf writes at least one weight.
      if (weight === 0 && k > 0) continue;
      leaves.push({ tree: t, node, target: target < 0 ? k : target, weight });
    }
  }
  const ints = (at: (i: number) => number) => ({
    ints: Int32Array.from({ length: size }, (_, i) => at(i)),
  });
  const child = (of: Int32Array) => ints((i) => (isLeaf(i) ? 0 : local[of[i]!]!));
  const raw = graph.node(
    "TreeEnsembleRegressor",
    [input.dense],
    {
      n_targets: e.outputs,
      aggregate_function: aggregate,
      post_transform: "NONE",
      ...(base ? { base_values: { floats: base } } : {}),
      nodes_treeids: { ints: tree },
      nodes_nodeids: { ints: local },
      nodes_featureids: ints((i) => Math.max(0, e.feature[i]!)),
      nodes_values: { floats: e.threshold },
      nodes_modes: {
        strings: Array.from(e.feature, (f) => (f < 0 ? "LEAF" : "BRANCH_LEQ")),
      },
      nodes_truenodeids: child(e.left),
      nodes_falsenodeids: child(e.right),
      nodes_missing_value_tracks_true: ints((i) => (isLeaf(i) ? 0 : e.missingLeft[i]!)),
      nodes_hitrates: { floats: e.cover },
      target_treeids: { ints: leaves.map((l) => l.tree) },
      target_nodeids: { ints: leaves.map((l) => l.node) },
      target_ids: { ints: leaves.map((l) => l.target) },
      target_weights: { floats: leaves.map((l) => l.weight) },
    },
    { domain: "ai.onnx.ml" },
  );
  return raw;
}

/** [N,1] probabilities of the positive class to [N,2]: negative, positive. */
export function emitBothClasses(graph: Graph, positive: string): string {
  const one = graph.constant("float32", [1], [1]);
  const negative = graph.node("Sub", [one, positive]);
  return graph.node("Concat", [negative, positive], { axis: 1 });
}
