import { nextNode, rawOutputs, type TreeModel } from "./tree-model.ts";

/** Rows against which a row is explained, as the trees see them: row-major. */
export interface EncodedRows {
  readonly rows: number;
  readonly width: number;
  readonly data: Float32Array | Float64Array;
}

/**
 * Interventional TreeSHAP (Lundberg et al. 2020, algorithm 3): the Shapley values of v(S) = what the trees say on average over
 * the background rows when their features in S are replaced by the row's. Exact; time grows with the background.
 */
export interface Interventional {
  base(mix: ArrayLike<number>): number;
  /** Adds each feature's Shapley value to `phi`; `values` of the leaves by `leafValues`. */
  add(
    values: Float64Array,
    data: Float32Array | Float64Array,
    offset: number,
    phi: Float64Array,
  ): void;
}

const UNDECIDED = 0;
const ROW = 1;
const BACKGROUND = 2;

export function interventional(trees: TreeModel, background: EncodedRows): Interventional {
  const { feature, roots } = trees;
  const side = new Uint8Array(trees.features);
  const branched = new Int32Array(trees.features);
  const weightOf = coalitionWeights();
  const nothing = new Float64Array(0);
  let [values, phi]: [Float64Array, Float64Array] = [nothing, nothing];
  let [data, offset, other]: [Float32Array | Float64Array, number, number] = [nothing, 0, 0];

  /** `own`: features on the path that must be the row's, `theirs`: the background row's; others lead the same way from both. */
  function visit(node: number, own: number, theirs: number): void {
    let at = node;
    for (let f = feature[at]!; f >= 0; f = feature[at]!) {
      const mine = nextNode(trees, at, data[offset + f]!);
      const its = nextNode(trees, at, background.data[other + f]!);
      if (mine === its || side[f] === ROW) at = mine;
      else if (side[f] === BACKGROUND) at = its;
      else {
        branched[own + theirs] = f;
        side[f] = ROW;
        visit(mine, own + 1, theirs);
        side[f] = BACKGROUND;
        visit(its, own, theirs + 1);
        side[f] = UNDECIDED;
        return;
      }
    }
    const value = values[at]!;
    if (value === 0 || own + theirs === 0) return;
    const gain = own === 0 ? 0 : value * weightOf(own - 1, theirs);
    const loss = theirs === 0 ? 0 : value * weightOf(theirs - 1, own);
    for (let p = 0; p < own + theirs; p++) {
      const f = branched[p]!;
      phi[f]! += side[f] === ROW ? gain : -loss;
    }
  }

  return {
    base(mix) {
      let sum = 0;
      for (let b = 0; b < background.rows; b++) {
        const outputs = rawOutputs(trees, background.data, b * background.width);
        for (let k = 0; k < trees.outputs; k++) sum += mix[k]! * outputs[k]!;
      }
      return sum / background.rows;
    },
    add(of, row, from, to) {
      [values, data, offset] = [of, row, from];
      phi = new Float64Array(trees.features);
      for (let b = 0; b < background.rows; b++) {
        other = b * background.width;
        for (const root of roots) visit(root, 0, 0);
      }
      for (let f = 0; f < phi.length; f++) to[f]! += phi[f]! / background.rows;
    },
  };
}

/** a! b! / (a + b + 1)!: 1 / ((a + b + 1) (a + b choose a)). */
function coalitionWeights(): (a: number, b: number) => number {
  const known: number[][] = [];
  return (a, b) => {
    known[a] ??= [];
    const row = known[a];
    const weight = row[b];
    if (weight !== undefined) return weight;
    let value = 1 / (a + b + 1);
    for (let i = 1; i <= b; i++) value *= i / (a + i);
    row[b] = value;
    return value;
  };
}
