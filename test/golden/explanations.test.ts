import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { interventional } from "../../src/explanation/interventional.ts";
import { columnSums } from "../../src/explanation/linear-shap.ts";
import { linearTerms } from "../../src/explanation/linear-terms.ts";
import { pathDependent } from "../../src/explanation/path-dependent.ts";
import { readTrees } from "../../src/explanation/read-trees.ts";
import { leafValues, rawOutputs, type TreeModel } from "../../src/explanation/tree-model.ts";
import { readNodes } from "../../src/onnx/nodes.ts";

interface Case {
  name: string;
  onnx: string;
  outputs: number;
  x: (number | null)[];
  background: (number | null)[];
  path: number[] | null;
  path_base: number[] | null;
  against: number[] | null;
  against_base: number[] | null;
}
const read = (path: string) => readFileSync(new URL(path, import.meta.url));
const {
  features,
  cases,
  latest,
}: {
  features: number;
  cases: Case[];
  latest: { onnx: string; x: (number | null)[]; said: number[] };
} = JSON.parse(read("./explanations.json").toString());

const single = (values: readonly (number | null)[]) =>
  Float32Array.from(values, (v) => v ?? Number.NaN);

function treesOf(file: Uint8Array): TreeModel {
  const found = readTrees(file);
  if (found === undefined || "why" in found) throw new Error(found?.why ?? "no trees");
  return found.trees;
}

const one = (outputs: number, k: number) => new Float64Array(outputs).fill(1, k, k + 1);

/** The library's numbers are of float32 models, and XGBoost's are float32 themselves. */
function close(got: number, wanted: number, size = Math.abs(wanted)): void {
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-6 * Math.max(1, size));
}

describe.each(cases)("$name", (golden) => {
  const file = Buffer.from(golden.onnx, "base64");
  const data = single(golden.x);
  const rows = data.length / features;
  const background = {
    ...{ rows: golden.background.length / features, width: features },
    data: single(golden.background),
  };
  const linear = readTrees(file) === undefined;

  test.runIf(golden.path)("path-dependent: as shap, XGBoost and LightGBM", () => {
    const trees = treesOf(file);
    const shap = pathDependent(trees);
    for (let k = 0; k < golden.outputs; k++) {
      const values = leafValues(trees, one(golden.outputs, k));
      close(shap.base(one(golden.outputs, k)), golden.path_base![k]!);
      for (let i = 0; i < rows; i++) {
        const phi = new Float64Array(features);
        shap.add(values, data, i * features, phi);
        for (const [f, v] of phi.entries())
          close(v, golden.path![(i * golden.outputs + k) * features + f]!);
      }
    }
  });

  test.runIf(golden.against && !linear)("interventional: as shap", () => {
    const trees = treesOf(file);
    const shap = interventional(trees, background);
    for (let k = 0; k < golden.outputs; k++) {
      const values = leafValues(trees, one(golden.outputs, k));
      close(shap.base(one(golden.outputs, k)), golden.against_base![k]!);
      for (let i = 0; i < rows; i++) {
        const phi = new Float64Array(features);
        shap.add(values, data, i * features, phi);
        for (const [f, v] of phi.entries())
          close(v, golden.against![(i * golden.outputs + k) * features + f]!);
      }
    }
  });

  test.runIf(linear)("linear: as shap", () => {
    const terms = linearTerms(readNodes(file), "scores")!;
    const k = terms.outputs - 1;
    const owner = [Int32Array.from({ length: features }, (_, f) => f)];
    const sums = (from: Float32Array, row: number) => {
      const dims = [from.length / features, features];
      return columnSums(terms, owner, features, new Map([["X", { dims, data: from }]]), row);
    };
    const means = new Float64Array(features);
    for (let b = 0; b < background.rows; b++)
      for (let f = 0; f < features; f++)
        means[f]! += sums(background.data, b)[f * terms.outputs + k]! / background.rows;
    const base = means.reduce((a, b) => a + b, terms.bias[k]!);
    close(base, golden.against_base![0]!);
    for (let i = 0; i < rows; i++)
      for (let f = 0; f < features; f++)
        close(
          sums(data, i)[f * terms.outputs + k]! - means[f]!,
          golden.against![i * features + f]!,
          10,
        );
  });
});

describe("LightGBM on the adult data", () => {
  const golden: { rows: number[][]; contrib: number[][]; raw: number[] } = JSON.parse(
    read("../data/onnx/gen_adult_lightgbm.treeshap.json").toString(),
  );

  test("the counts of its text file on the trees of its ONNX file give its contributions", () => {
    const bare = treesOf(read("../data/onnx/gen_adult_lightgbm.onnx"));
    expect(bare.cover).toBeUndefined();
    const trees = { ...bare, cover: countsOf(bare) };
    const shap = pathDependent(trees);
    const values = leafValues(trees, [1]);
    golden.rows.forEach((row, i) => {
      const phi = new Float64Array(5);
      shap.add(values, Float32Array.from(row), 0, phi);
      const wanted = golden.contrib[i]!;
      for (const [f, v] of phi.entries()) close(v, wanted[f]!);
      close(shap.base([1]), wanted[5]!);
      const total = phi.reduce((a, b) => a + b, shap.base([1]));
      expect(total).toBeCloseTo(rawOutputs(trees, Float32Array.from(row), 0)[0]!, 12);
      close(total, golden.raw[i]!);
    });
  });

  /** Walks each tree of the text file beside the same one of the ONNX file. */
  function countsOf(trees: TreeModel): Float64Array {
    const cover = new Float64Array(trees.feature.length);
    const text = read("../data/onnx/gen_adult_lightgbm.lgb.txt").toString();
    text
      .split(/^Tree=\d+$/m)
      .slice(1)
      .forEach((part, t) => {
        const line = (name: string) =>
          new RegExp(`^${name}=(.*)$`, "m").exec(part)![1]!.split(" ").map(Number);
        const [left, right] = [line("left_child"), line("right_child")];
        const [inner, leaves] = [line("internal_count"), line("leaf_count")];
        const walk = (node: number, theirs: number): void => {
          cover[node] = theirs < 0 ? leaves[-theirs - 1]! : inner[theirs]!;
          if (theirs < 0) return;
          walk(trees.yes[node]!, left[theirs]!);
          walk(trees.no[node]!, right[theirs]!);
        };
        walk(trees.roots[t]!, 0);
      });
    return cover;
  }
});

test("trees of ai.onnx.ml 5 say what ONNX Runtime says", () => {
  const trees = treesOf(Buffer.from(latest.onnx, "base64"));
  const data = single(latest.x);
  for (let i = 0; i < data.length / features; i++) {
    const said = rawOutputs(trees, data, i * features);
    for (const [k, v] of said.entries()) expect(v).toBeCloseTo(latest.said[i * 2 + k]!, 6);
  }
});
