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
  const modes = new Array<string>(size);
  const trueIds = new Int32Array(size);
  const falseIds = new Int32Array(size);
  const features = new Int32Array(size);
  const missing = new Int32Array(size);
  const leaves = { trees: [] as number[], nodes: [] as number[], targets: [] as number[] };
  const weights: number[] = [];
  for (let i = 0; i < size; i++) {
    if (e.feature[i]! >= 0) {
      modes[i] = "BRANCH_LEQ";
      features[i] = e.feature[i]!;
      trueIds[i] = local[e.left[i]!]!;
      falseIds[i] = local[e.right[i]!]!;
      missing[i] = e.missingLeft[i]!;
      continue;
    }
    modes[i] = "LEAF";
    const target = e.targets[tree[i]!]!;
    for (let k = 0; k < e.valueWidth; k++) {
      const weight = e.value[i * e.valueWidth + k]!;
      // What is not written is 0; a leaf writes at least one weight.
      if (weight === 0 && k > 0) continue;
      leaves.trees.push(tree[i]!);
      leaves.nodes.push(local[i]!);
      leaves.targets.push(target < 0 ? k : target);
      weights.push(weight);
    }
  }
  return graph.node(
    "TreeEnsembleRegressor",
    [input.dense],
    {
      n_targets: e.outputs,
      aggregate_function: aggregate,
      post_transform: "NONE",
      ...(base ? { base_values: { floats: base } } : {}),
      nodes_treeids: { ints: tree },
      nodes_nodeids: { ints: local },
      nodes_featureids: { ints: features },
      nodes_values: { floats: e.threshold },
      nodes_modes: { strings: modes },
      nodes_truenodeids: { ints: trueIds },
      nodes_falsenodeids: { ints: falseIds },
      nodes_missing_value_tracks_true: { ints: missing },
      nodes_hitrates: { floats: e.cover },
      target_treeids: { ints: leaves.trees },
      target_nodeids: { ints: leaves.nodes },
      target_ids: { ints: leaves.targets },
      target_weights: { floats: weights },
    },
    { domain: "ai.onnx.ml" },
  );
}

/** [N,1] probabilities of the positive class to [N,2]: negative, positive. */
export function emitBothClasses(graph: Graph, positive: string): string {
  const one = graph.constant("float32", [1], [1]);
  const negative = graph.node("Sub", [one, positive]);
  return graph.node("Concat", [negative, positive], { axis: 1 });
}
