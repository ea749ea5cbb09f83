import { type GraphNode, readNodes } from "../onnx/nodes.ts";
import { readTreeEnsemble } from "./read-tree-ensemble.ts";
import { MODES, type TreeModel } from "./tree-model.ts";
import {
  attributesOf,
  leavesByNode,
  missingOf,
  rootsOf,
  type TreeNode,
  type Unreadable,
} from "./tree-node.ts";

/** The first tree operator of a model file; undefined when there is none. */
export function readTrees(model: Uint8Array): TreeNode | Unreadable | undefined {
  const node = readNodes(model).nodes.find(isTreeNode);
  return node && readTreeNode(node);
}

export const isTreeNode = ({ op }: GraphNode): boolean =>
  op === "TreeEnsembleRegressor" || op === "TreeEnsembleClassifier" || op === "TreeEnsemble";

/** TreeEnsembleClassifier and -Regressor (ai.onnx.ml 1 to 4), TreeEnsemble (5). */
export function readTreeNode(node: GraphNode): TreeNode | Unreadable {
  if (node.op === "TreeEnsemble") return readTreeEnsemble(node);
  const attributes = attributesOf(node);
  const { ints, floats, strings, text } = attributes;
  const classifier = node.op === "TreeEnsembleClassifier";
  const kind = classifier ? "class" : "target";
  const link = LINKS.get(text("post_transform") || "NONE");
  if (link === undefined) return { why: `post_transform ${text("post_transform")} is not read` };
  const aggregate = text("aggregate_function") || "SUM";
  if (aggregate !== "SUM" && aggregate !== "AVERAGE")
    return { why: `aggregate_function ${aggregate} is not read` };

  const treeIds = ints("nodes_treeids");
  const nodeIds = ints("nodes_nodeids");
  const size = treeIds.length;
  const place = new Map<number, number>();
  for (let i = 0; i < size; i++) place.set(idOf(treeIds[i]!, nodeIds[i]!), i);
  const modes = strings("nodes_modes");
  const isLeaf = (i: number) => modes[i] === "LEAF";
  const child = (ids: readonly number[]) =>
    Int32Array.from(ids, (id, i) => (isLeaf(i) ? -1 : (place.get(idOf(treeIds[i]!, id)) ?? -1)));
  const yes = child(ints("nodes_truenodeids"));
  const no = child(ints("nodes_falsenodeids"));
  const featureIds = ints("nodes_featureids");
  const feature = Int32Array.from({ length: size }, (_, i) => (isLeaf(i) ? -1 : featureIds[i]!));
  if (feature.some((f, i) => f >= 0 && (yes[i]! < 0 || no[i]! < 0)))
    return { why: "a node names a child that is not there" };

  const outputs = outputsOf(attributes, classifier);
  const roots = rootsOf(yes, no);
  const scale = aggregate === "AVERAGE" ? 1 / roots.length : 1;
  const single = classifier && outputs === 1;
  const leafTrees = ints(`${kind}_treeids`);
  const leafNodes = ints(`${kind}_nodeids`);
  const leafIds = ints(`${kind}_ids`);
  const weights = floats(`${kind}_weights`);
  const leaves = Array.from(leafTrees, (tree, w) => ({
    node: place.get(idOf(tree, leafNodes[w]!)) ?? -1,
    target: single ? 0 : leafIds[w]!,
    weight: weights[w]! * scale,
  })).filter(({ node }) => node >= 0);
  return {
    trees: {
      ...{ outputs, roots, feature, yes, no },
      features: feature.reduce((most, f) => Math.max(most, f + 1), 1),
      mode: Uint8Array.from(modes, (mode) => Math.max(0, MODES.indexOf(mode as "BRANCH_LEQ"))),
      threshold: Float64Array.from(floats("nodes_values")),
      members: new Map(),
      missingYes: missingOf(ints("nodes_missing_value_tracks_true"), size),
      ...leavesByNode(leaves, size),
      base: baseOf(floats("base_values"), outputs),
      cover: realCovers(floats("nodes_hitrates"), { feature, yes, no }),
    },
    reads: node.inputs[0]!,
    link,
  };
}

const LINKS = new Map<string, TreeNode["link"]>([
  ["NONE", "none"],
  ["LOGISTIC", "logistic"],
  ["SOFTMAX", "softmax"],
]);

/** One number for a pair; node ids are below 2^26. */
const idOf = (tree: number, node: number): number => tree * 2 ** 26 + node;

/**
 * A classifier of two classes whose leaves all speak of one class has one number, for the second class (ONNX Runtime,
 * `binary_case`); else one a class.
 */
function outputsOf(
  { int, ints, strings }: ReturnType<typeof attributesOf>,
  classifier: boolean,
): number {
  if (!classifier) return Math.max(1, int("n_targets", 1));
  const classes = Math.max(
    strings("classlabels_strings").length,
    ints("classlabels_int64s").length,
  );
  return classes === 2 && new Set(ints("class_ids")).size === 1 ? 1 : classes;
}

/** One base value a class for a model with one number: the last is the second class's. */
function baseOf(values: ArrayLike<number>, outputs: number): Float64Array {
  const base = new Float64Array(outputs);
  if (values.length === outputs) base.set(values);
  else if (outputs === 1 && values.length === 2) base[0] = values[1]!;
  return base;
}

/** Covers add up from leaves to roots (within float32 and the rounding of hessians); converters write 0 or 1 everywhere. */
const COVER_TOLERANCE = 0.01;

function realCovers(
  rates: ArrayLike<number>,
  { feature, yes, no }: Pick<TreeModel, "feature" | "yes" | "no">,
): Float64Array | undefined {
  if (rates.length !== feature.length) return undefined;
  for (let i = 0; i < feature.length; i++) {
    const cover = rates[i]!;
    if (!(cover > 0)) return undefined;
    if (feature[i]! < 0) continue;
    const sum = rates[yes[i]!]! + rates[no[i]!]!;
    if (Math.abs(sum - cover) > COVER_TOLERANCE * cover) return undefined;
  }
  return Float64Array.from(rates);
}
