import type { Design } from "../encoding/encoding.ts";

/**
 * All trees of a model in one set of arrays. Node i is a leaf when feature[i] is -1. A row goes to left[i] when
 * x <= threshold[i], or when x is missing (NaN) and missingLeft[i] is 1; otherwise to right[i].
 */
export interface Ensemble {
  /** Columns of the result. */
  readonly outputs: number;
  /** First node of each tree. */
  readonly roots: Int32Array;
  /** The output each tree adds to; -1: its leaves hold one value for every output. */
  readonly targets: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly missingLeft: Uint8Array;
  /** Absolute node numbers. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** `valueWidth` numbers a node; only those of leaves count. */
  readonly value: Float32Array;
  readonly valueWidth: number;
  /** Sum of hessians (boosting) or weights (forest) of the training rows in a node; what TreeSHAP weighs by. */
  readonly cover: Float32Array;
  /** Loss reduction of a split; 0 for leaves. */
  readonly gain: Float32Array;
}

export interface NodeSplit {
  readonly feature: number;
  readonly threshold: number;
  readonly missingLeft: boolean;
  readonly gain: number;
}

export interface EnsembleBuilder {
  /** Starts a tree; its root is the next node. */
  tree(target: number): void;
  /** Adds a leaf and returns its number. */
  node(cover: number): number;
  split(node: number, left: number, right: number, split: NodeSplit): void;
  value(node: number, index: number, value: number): void;
  cover(node: number, cover: number): void;
  /** Forgets all trees after the first `count`. */
  truncate(count: number): void;
  /** What there is so far, not copied: good until the next change. */
  view(): Ensemble;
  finish(): Ensemble;
}

const arrays = (nodes: number, valueWidth: number) => ({
  feature: new Int32Array(nodes),
  left: new Int32Array(nodes),
  right: new Int32Array(nodes),
  missingLeft: new Uint8Array(nodes),
  threshold: new Float32Array(nodes),
  cover: new Float32Array(nodes),
  gain: new Float32Array(nodes),
  value: new Float32Array(nodes * valueWidth),
});

export function ensembleBuilder(outputs: number, valueWidth: number): EnsembleBuilder {
  let a = arrays(1024, valueWidth);
  let size = 0;
  const roots: number[] = [];
  const targets: number[] = [];
  const resized = (nodes: number) => {
    const next = arrays(nodes, valueWidth);
    for (const key of Object.keys(next) as (keyof typeof next)[])
      next[key].set(a[key].subarray(0, next[key].length));
    return next;
  };
  const view = () => ({
    outputs,
    valueWidth,
    roots: Int32Array.from(roots),
    targets: Int32Array.from(targets),
    ...a,
  });
  return {
    tree(target) {
      roots.push(size);
      targets.push(target);
    },
    node(cover) {
      if (size === a.feature.length) a = resized(size * 2);
      a.feature[size] = -1;
      a.cover[size] = cover;
      return size++;
    },
    split(node, left, right, { feature, threshold, missingLeft, gain }) {
      a.feature[node] = feature;
      a.threshold[node] = threshold;
      a.missingLeft[node] = missingLeft ? 1 : 0;
      a.gain[node] = gain;
      a.left[node] = left;
      a.right[node] = right;
    },
    value(node, index, value) {
      a.value[node * valueWidth + index] = value;
    },
    cover(node, cover) {
      a.cover[node] = cover;
    },
    truncate(count) {
      if (count >= roots.length) return;
      size = roots[count]!;
      roots.length = count;
      targets.length = count;
      a = resized(size);
    },
    view,
    finish() {
      a = resized(size);
      return view();
    },
  };
}

/** Rows that pass through a tree together, so that the tree stays in cache. */
const BLOCK = 64;

/** Adds the leaf values of trees [fromTree, toTree) to `out`, rows x outputs. */
export function addTrees(
  e: Ensemble,
  design: Pick<Design, "rows" | "width" | "dense">,
  out: Float64Array,
  fromTree = 0,
  toTree = e.roots.length,
): void {
  const { feature, threshold, missingLeft, left, right, value, valueWidth, outputs } = e;
  const { rows, width, dense } = design;
  for (let from = 0; from < rows; from += BLOCK) {
    const to = Math.min(rows, from + BLOCK);
    for (let t = fromTree; t < toTree; t++) {
      const root = e.roots[t]!;
      const target = e.targets[t]!;
      for (let i = from; i < to; i++) {
        let node = root;
        for (let f = feature[node]!; f >= 0; f = feature[node]!) {
          const x = dense[i * width + f]!;
          // One comparison decides for numbers; only NaN needs the second.
          const goLeft = x <= threshold[node]! || (Number.isNaN(x) && missingLeft[node] === 1);
          node = goLeft ? left[node]! : right[node]!;
        }
        if (target >= 0) out[i * outputs + target]! += value[node]!;
        else
          for (let k = 0; k < valueWidth; k++)
            out[i * outputs + k]! += value[node * valueWidth + k]!;
      }
    }
  }
}
