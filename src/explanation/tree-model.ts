/**
 * An ensemble of decision trees, whoever grew it. All trees in one set of arrays; node i is a leaf when feature[i] is -1.
 * What it says is `base` plus the leaves a row falls into: one number per output, before any link function.
 */
export interface TreeModel {
  readonly outputs: number;
  /** Features it may ask for: 0 .. features-1. */
  readonly features: number;
  /** First node of each tree. */
  readonly roots: Int32Array;
  readonly feature: Int32Array;
  /** A `Mode`: what is asked of the feature's value. */
  readonly mode: Uint8Array;
  readonly threshold: Float64Array;
  /** For nodes of mode MEMBER: the values that go to `yes`. */
  readonly members: ReadonlyMap<number, ReadonlySet<number>>;
  /** 1: a missing value (NaN) goes to `yes`; 0: it is compared like any other. */
  readonly missingYes: Uint8Array;
  readonly yes: Int32Array;
  readonly no: Int32Array;
  /** Leaf i adds weights [firstWeight[i], firstWeight[i + 1]): `weight` to output `target`. */
  readonly firstWeight: Int32Array;
  readonly target: Int32Array;
  readonly weight: Float64Array;
  readonly base: Float64Array;
  /** How much of the training data passed each node (counts, weights or hessians); undefined: the file does not say. */
  readonly cover: Float64Array | undefined;
}

/** In the order of ONNX's TreeEnsemble (version 5). */
export const MODES = [
  "BRANCH_LEQ",
  "BRANCH_LT",
  "BRANCH_GTE",
  "BRANCH_GT",
  "BRANCH_EQ",
  "BRANCH_NEQ",
  "BRANCH_MEMBER",
] as const;
const [LEQ, LT, GTE, GT, EQ, NEQ] = [0, 1, 2, 3, 4, 5];

/** Where a row goes at an inner node. */
export function nextNode(trees: TreeModel, node: number, x: number): number {
  return goesYes(trees, node, x) ? trees.yes[node]! : trees.no[node]!;
}

function goesYes(trees: TreeModel, node: number, x: number): boolean {
  // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN in the innermost loop.
  if (x !== x && trees.missingYes[node] === 1) return true;
  const threshold = trees.threshold[node]!;
  switch (trees.mode[node]) {
    case LEQ:
      return x <= threshold;
    case LT:
      return x < threshold;
    case GTE:
      return x >= threshold;
    case GT:
      return x > threshold;
    case EQ:
      return x === threshold;
    case NEQ:
      return x !== threshold;
    default:
      return trees.members.get(node)!.has(x);
  }
}

/**
 * What each leaf says when the outputs are mixed into one number by `mix`: picks one output, or the difference between some.
 * Inner nodes have 0.
 */
export function leafValues(trees: TreeModel, mix: ArrayLike<number>): Float64Array {
  const { feature, firstWeight, target, weight } = trees;
  const values = new Float64Array(feature.length);
  for (let node = 0; node < feature.length; node++)
    for (let w = firstWeight[node]!; w < firstWeight[node + 1]!; w++)
      values[node]! += mix[target[w]!]! * weight[w]!;
  return values;
}

/** What the trees say about one row: all outputs, before the link function. */
export function rawOutputs(
  trees: TreeModel,
  data: Float32Array | Float64Array,
  offset: number,
): Float64Array {
  const { feature, roots, firstWeight, target, weight } = trees;
  const sums = trees.base.slice();
  for (const root of roots) {
    let node = root;
    for (let f = feature[node]!; f >= 0; f = feature[node]!)
      node = nextNode(trees, node, data[offset + f]!);
    for (let w = firstWeight[node]!; w < firstWeight[node + 1]!; w++)
      sums[target[w]!]! += weight[w]!;
  }
  return sums;
}
