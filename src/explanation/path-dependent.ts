import { gaussLegendre } from "./quadrature.ts";
import { leafValues, nextNode, type TreeModel } from "./tree-model.ts";

/**
 * Path-dependent TreeSHAP (Lundberg et al. 2020, "From local explanations to global understanding", algorithm 2): the Shapley
 * values of v(S) = what the trees say on average when only the features in S are known and the training rows are spread over
 * the rest by the covers. Exact.
 *
 * For one leaf with features j = 1..m on its path, v is a product: value x o_j where j is known, x z_j where it is not (o_j: 1
 * when the row satisfies every split on j, else 0; z_j: the share of the training rows that do). Its Shapley values are
 *   value (o_i - z_i) ∫ Π_{j≠i} (x o_j + (1 - x) z_j) dx over 0..1
 * because the Shapley weight of a coalition is a Beta integral. The integrand is a polynomial of degree m - 1, so ⌈m/2⌉
 * Gauss–Legendre points are exact, and products and sums are shared by all leaves below an edge as in Linear TreeSHAP (Yu et al.
 * 2022): O(nodes x depth / 2) a row, no division that can cancel, where the original takes O(leaves x depth²).
 */
export interface PathDependent {
  /** What the trees say on average over the training rows, for one mix of the outputs. */
  base(mix: ArrayLike<number>): number;
  /**
   * Adds each feature's Shapley value to `phi`.
   *
   * @param values of the leaves, by `leafValues`.
   */
  add(
    values: Float64Array,
    data: Float32Array | Float64Array,
    offset: number,
    phi: Float64Array,
  ): void;
}

/** @param trees must have covers. */
export function pathDependent(trees: TreeModel): PathDependent {
  const { feature, yes, no, roots } = trees;
  const cover = trees.cover!;
  const { before, share, expected, depths, distinct } = preparePaths(trees, cover);
  const most = depths.reduce((a, b) => Math.max(a, b), 1);
  const width = Math.max(1, Math.ceil(distinct.reduce((a, b) => Math.max(a, b), 1) / 2));
  /** By level: Π (x o + (1 - x) z) of the path down to it, and the sum over the leaves below of their values times that. */
  const product = new Float64Array((most + 2) * width);
  const below = new Float64Array((most + 2) * width);
  /** By node: 1 when the row satisfies every split on the feature of the edge above it, down to here. */
  const open = new Uint8Array(feature.length);
  let { points, rest, closedWeight, weights } = ruleOf(1);
  let [values, phi]: [Float64Array, Float64Array] = [product, product];
  let [data, offset]: [Float32Array | Float64Array, number] = [product, 0];
  let n = 1;

  function visit(node: number, level: number): void {
    const f = feature[node]!;
    const hot = nextNode(trees, node, data[offset + f]!);
    const at = level * n;
    const next = at + n;
    for (let q = 0; q < n; q++) below[at + q] = 0;
    for (let side = 0; side < 2; side++) {
      const child = side === 0 ? yes[node]! : no[node]!;
      const prev = before[child]!;
      const z = share[child]!;
      const wasOpen = prev < 0 || open[prev] === 1;
      const isOpen = child === hot && wasOpen;
      open[child] = isOpen ? 1 : 0;
      if (prev < 0) {
        if (isOpen)
          for (let q = 0; q < n; q++)
            product[next + q] = product[at + q]! * (points[q]! + rest[q]! * z);
        else for (let q = 0; q < n; q++) product[next + q] = product[at + q]! * rest[q]! * z;
      } else {
        // The feature's factor from further up is replaced.
        const y = share[prev]!;
        if (!wasOpen) {
          const ratio = z / y;
          for (let q = 0; q < n; q++) product[next + q] = product[at + q]! * ratio;
        } else
          for (let q = 0; q < n; q++)
            product[next + q] =
              (product[at + q]! * ((isOpen ? points[q]! : 0) + rest[q]! * z)) /
              (points[q]! + rest[q]! * y);
      }
      if (feature[child]! < 0) {
        const value = values[child]!;
        for (let q = 0; q < n; q++) below[next + q] = product[next + q]! * value;
      } else visit(child, level + 1);
      let sum = 0;
      if (isOpen) {
        const gain = 1 - z;
        for (let q = 0; q < n; q++)
          sum += (below[next + q]! * weights[q]! * gain) / (points[q]! + rest[q]! * z);
      } else for (let q = 0; q < n; q++) sum -= below[next + q]! * closedWeight[q]!;
      if (prev >= 0) {
        // Leaves below count once for the feature: with its last factor.
        if (wasOpen) {
          const y = share[prev]!;
          const gain = 1 - y;
          for (let q = 0; q < n; q++)
            sum -= (below[next + q]! * weights[q]! * gain) / (points[q]! + rest[q]! * y);
        } else for (let q = 0; q < n; q++) sum += below[next + q]! * closedWeight[q]!;
      }
      phi[f]! += sum;
      for (let q = 0; q < n; q++) below[at + q]! += below[next + q]!;
    }
  }

  return {
    base(mix) {
      const leaves = leafValues(trees, mix);
      let sum = 0;
      for (let k = 0; k < trees.outputs; k++) sum += mix[k]! * trees.base[k]!;
      for (let node = 0; node < leaves.length; node++) sum += expected[node]! * leaves[node]!;
      return sum;
    },
    add(of, row, from, to) {
      [values, data, offset, phi] = [of, row, from, to];
      for (let t = 0; t < roots.length; t++) {
        const root = roots[t]!;
        if (feature[root]! < 0) continue;
        n = Math.ceil(distinct[t]! / 2);
        ({ points, rest, closedWeight, weights } = ruleOf(n));
        for (let q = 0; q < n; q++) product[q] = 1;
        visit(root, 0);
      }
    },
  };
}

interface Rule {
  readonly points: Float64Array;
  readonly weights: Float64Array;
  /** 1 - point. */
  readonly rest: Float64Array;
  /** weight / (1 - point): (o - z) / (x o + (1 - x) z) is -1 / (1 - x) where o = 0, whatever z. */
  readonly closedWeight: Float64Array;
}

const rules = new Map<number, Rule>();

function ruleOf(n: number): Rule {
  const known = rules.get(n);
  if (known) return known;
  const { points, weights } = gaussLegendre(n);
  const rest = points.map((x) => 1 - x);
  const rule = { points, weights, rest, closedWeight: weights.map((w, q) => w / rest[q]!) };
  rules.set(n, rule);
  return rule;
}

/** What does not depend on the row, by node: of the edge above it. */
function preparePaths({ feature, yes, no, roots }: TreeModel, cover: Float64Array) {
  const size = feature.length;
  /** The node below the last edge further up that asks for the same feature; -1: none. */
  const before = new Int32Array(size).fill(-1);
  /** Share of the training rows that satisfy every split on the edge's feature down to here, given the others. */
  const share = new Float64Array(size).fill(1);
  /** Of leaves: share of the training rows that end here. */
  const expected = new Float64Array(size);
  const depths = new Int32Array(roots.length);
  const distinct = new Int32Array(roots.length);
  const last = new Map<number, number>();
  roots.forEach((root, t) => {
    const walk = (node: number, depth: number, reach: number): void => {
      const f = feature[node]!;
      if (f < 0) {
        expected[node] = reach;
        depths[t] = Math.max(depths[t]!, depth);
        distinct[t] = Math.max(distinct[t]!, last.size);
        return;
      }
      const above = last.get(f);
      for (const child of [yes[node]!, no[node]!]) {
        const ratio = cover[child]! / cover[node]!;
        before[child] = above ?? -1;
        share[child] = above === undefined ? ratio : ratio * share[above]!;
        last.set(f, child);
        walk(child, depth + 1, reach * ratio);
      }
      if (above === undefined) last.delete(f);
      else last.set(f, above);
    };
    walk(root, 0, 1);
  });
  return { before, share, expected, depths, distinct };
}
