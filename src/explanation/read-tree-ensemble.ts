import type { GraphNode } from "../onnx/nodes.ts";
import {
  attributesOf,
  leavesByNode,
  missingOf,
  rootsOf,
  type TreeNode,
  type Unreadable,
} from "./tree-node.ts";

const AVERAGE = 0;
const SUM = 1;
const MEMBER = 6;
/** By `post_transform`. */
const LINKS: readonly (TreeNode["link"] | undefined)[] = ["none", "softmax", "logistic"];

/** TreeEnsemble of ai.onnx.ml 5: inner nodes and leaves are numbered apart, and a node names which of the two its branches are. */
export function readTreeEnsemble(node: GraphNode): TreeNode | Unreadable {
  const { int, ints, floats } = attributesOf(node);
  const link = LINKS[int("post_transform", 0)];
  if (link === undefined) return { why: `post_transform ${int("post_transform", 0)} is not read` };
  const aggregate = int("aggregate_function", SUM);
  if (aggregate !== SUM && aggregate !== AVERAGE)
    return { why: `aggregate_function ${aggregate} is not read` };
  const features = ints("nodes_featureids");
  const inner = features.length;
  const leafTargets = ints("leaf_targetids");
  const weights = floats("leaf_weights");
  const roots = ints("tree_roots");
  const scale = aggregate === AVERAGE ? 1 / roots.length : 1;
  // A leaf may be named by several branches: each gets a node of its own.
  const leaves: { node: number; target: number; weight: number }[] = [];
  const branch = (ids: readonly number[], isLeaf: readonly number[]) =>
    Int32Array.from(ids, (id, i) => {
      if (isLeaf[i] !== 1) return id;
      const made = inner + leaves.length;
      leaves.push({ node: made, target: leafTargets[id]!, weight: weights[id]! * scale });
      return made;
    });
  const yesOfInner = branch(ints("nodes_truenodeids"), ints("nodes_trueleafs"));
  const noOfInner = branch(ints("nodes_falsenodeids"), ints("nodes_falseleafs"));
  const size = inner + leaves.length;
  const extended = (from: ArrayLike<number>, to: Int32Array) => {
    to.fill(-1);
    to.set(Array.from(from));
    return to;
  };
  const yes = extended(yesOfInner, new Int32Array(size));
  const no = extended(noOfInner, new Int32Array(size));
  const feature = extended(features, new Int32Array(size));
  const mode = new Uint8Array(size);
  mode.set(Array.from(floats("nodes_modes")));
  const threshold = new Float64Array(size);
  threshold.set(Array.from(floats("nodes_splits")));
  const missingYes = new Uint8Array(size);
  missingYes.set(missingOf(ints("nodes_missing_value_tracks_true"), inner));
  const outputs = Math.max(1, int("n_targets", 1));
  return {
    trees: {
      ...{ outputs, feature, mode, threshold, missingYes, yes, no },
      roots: roots.length > 0 ? Int32Array.from(roots) : rootsOf(yes, no),
      features: features.reduce((most, f) => Math.max(most, f + 1), 1),
      members: membersOf(mode, floats("membership_values")),
      ...leavesByNode(leaves, size),
      base: new Float64Array(outputs),
      // The file has covers of inner nodes only: not enough.
      cover: undefined,
    },
    reads: node.inputs[0]!,
    link,
  };
}

/** The sets of the MEMBER nodes one after the other, each ended by NaN. */
function membersOf(mode: Uint8Array, values: ArrayLike<number>): Map<number, Set<number>> {
  const members = new Map<number, Set<number>>();
  let at = 0;
  mode.forEach((m, node) => {
    if (m !== MEMBER) return;
    const set = new Set<number>();
    for (; at < values.length && !Number.isNaN(values[at]!); at++) set.add(values[at]!);
    at++;
    members.set(node, set);
  });
  return members;
}
