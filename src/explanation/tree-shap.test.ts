import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { interventional } from "./interventional.ts";
import { pathDependent } from "./path-dependent.ts";
import { leafValues, nextNode, rawOutputs, type TreeModel } from "./tree-model.ts";
import { leavesByNode } from "./tree-node.ts";

const FEATURES = 7;

/** Trees of any shape, features asked for again and again, covers that add up, leaves that speak of several outputs. */
function randomTrees(seed: number): TreeModel {
  const r = random(seed);
  const outputs = 1 + r.int(2);
  const feature: number[] = [];
  const yes: number[] = [];
  const no: number[] = [];
  const threshold: number[] = [];
  const missingYes: number[] = [];
  const mode: number[] = [];
  const cover: number[] = [];
  const roots: number[] = [];
  const leaves: { node: number; target: number; weight: number }[] = [];
  const grow = (depth: number, rows: number): number => {
    const node = feature.length;
    const leaf = depth === 0 || rows < 2 || r.next() < 0.15;
    feature.push(leaf ? -1 : r.int(FEATURES));
    threshold.push(r.int(5) - 2);
    missingYes.push(r.int(2));
    mode.push(r.int(6));
    cover.push(rows);
    yes.push(-1);
    no.push(-1);
    if (leaf)
      for (let k = 0; k < outputs; k++) leaves.push({ node, target: k, weight: r.normal() });
    else {
      const part = 1 + r.int(rows - 1);
      yes[node] = grow(depth - 1, part);
      no[node] = grow(depth - 1, rows - part);
    }
    return node;
  };
  for (let t = 0; t < 1 + r.int(4); t++) roots.push(grow(1 + r.int(8), 500));
  return {
    ...{ outputs, features: FEATURES, members: new Map() },
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    yes: Int32Array.from(yes),
    no: Int32Array.from(no),
    threshold: Float64Array.from(threshold),
    missingYes: Uint8Array.from(missingYes),
    mode: Uint8Array.from(mode),
    cover: Float64Array.from(cover),
    ...leavesByNode(leaves, feature.length),
    base: new Float64Array(outputs).map(() => r.normal()),
  };
}

const randomRows = (seed: number, rows: number) => {
  const r = random(`rows ${seed}`);
  return Float64Array.from({ length: rows * FEATURES }, () =>
    r.next() < 0.15 ? Number.NaN : r.int(7) - 3,
  );
};

/** The definition: the weighted mean of what a feature adds to each coalition of the others. */
function shapley(value: (known: number) => number): Float64Array {
  const values = Float64Array.from({ length: 2 ** FEATURES }, (_, set) => value(set));
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const size = (set: number): number => (set === 0 ? 0 : (set & 1) + size(set >> 1));
  return Float64Array.from({ length: FEATURES }, (_, f) => {
    let sum = 0;
    for (let set = 0; set < values.length; set++) {
      if ((set >> f) & 1) continue;
      const s = size(set);
      const weight = (factorial(s) * factorial(FEATURES - s - 1)) / factorial(FEATURES);
      sum += weight * (values[set | (1 << f)]! - values[set]!);
    }
    return sum;
  });
}

/** What the trees say when only the features in `known` are, the others spread by the covers. */
function expectation(trees: TreeModel, values: Float64Array, row: Float64Array, known: number) {
  const { feature, yes, no } = trees;
  const cover = trees.cover!;
  const at = (node: number): number => {
    const f = feature[node]!;
    if (f < 0) return values[node]!;
    if ((known >> f) & 1) return at(nextNode(trees, node, row[f]!));
    const [a, b] = [yes[node]!, no[node]!];
    return (cover[a]! * at(a) + cover[b]! * at(b)) / cover[node]!;
  };
  return trees.roots.reduce((sum, root) => sum + at(root), 0);
}

const seeds = fc.integer({ min: 1, max: 1e9 });

describe("Tree SHAP is the definition of Shapley values", () => {
  test("path-dependent", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const trees = randomTrees(seed);
        const shap = pathDependent(trees);
        const row = randomRows(seed, 1);
        for (let k = 0; k < trees.outputs; k++) {
          const mix = new Float64Array(trees.outputs).fill(1, k, k + 1);
          const values = leafValues(trees, mix);
          const phi = new Float64Array(FEATURES);
          shap.add(values, row, 0, phi);
          const wanted = shapley((known) => expectation(trees, values, row, known));
          for (const [f, v] of phi.entries()) expect(Math.abs(v - wanted[f]!)).toBeLessThan(1e-9);
          expect(shap.base(mix)).toBeCloseTo(
            trees.base[k]! + expectation(trees, values, row, 0),
            9,
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  test("interventional", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const trees = randomTrees(seed);
        const data = randomRows(seed + 1, 3);
        const shap = interventional(trees, { rows: 3, width: FEATURES, data });
        const row = randomRows(seed, 1);
        const mix = new Float64Array(trees.outputs).fill(1, 0, 1);
        const mixed = (known: number) => {
          let sum = 0;
          for (let b = 0; b < 3; b++) {
            const hybrid = row.map((v, f) => ((known >> f) & 1 ? v : data[b * FEATURES + f]!));
            sum += rawOutputs(trees, hybrid, 0)[0]! / 3;
          }
          return sum;
        };
        const phi = new Float64Array(FEATURES);
        shap.add(leafValues(trees, mix), row, 0, phi);
        const wanted = shapley(mixed);
        for (const [f, v] of phi.entries()) expect(Math.abs(v - wanted[f]!)).toBeLessThan(1e-9);
        expect(shap.base(mix)).toBeCloseTo(mixed(0), 9);
      }),
      { numRuns: 100 },
    );
  });
});
