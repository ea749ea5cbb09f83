import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Task } from "../../src/lib/task.ts";
import type { Design } from "../../src/training/encoding/encoding.ts";
import { forest } from "../../src/training/trainers/forest.ts";
import { gbdt } from "../../src/training/trainers/gbdt.ts";

interface Golden {
  train: number;
  features: number;
  x: (number | null)[];
  target: Record<Task, number[]>;
  weights: number[];
  boosting: { task: Task; weighted: boolean; monotone: number[] | null; predicted: number[] }[];
  forest: { auc: number; rmse: number; probability: number[] };
}
const golden: Golden = JSON.parse(readFileSync(new URL("./trees.json", import.meta.url), "utf8"));
const { features: width, train } = golden;
const all = Float32Array.from(golden.x, (v) => (v === null ? Number.NaN : Math.fround(v / 10)));
const names = Array.from({ length: width }, (_, j) => `x${j}`);
const design = (from: number, to: number): Design => ({
  rows: to - from,
  width,
  dense: all.slice(from * width, to * width),
  names,
  bags: [],
});
const rows = all.length / width;
const classes = { binary: 2, multiclass: 3, regression: 0 };
const learning = (task: Task) => ({
  design: design(0, train),
  target: Float64Array.from(golden.target[task].slice(0, train)),
  task,
  classes: classes[task],
  seed: 1,
});

describe("boosting predicts for training rows what XGBoost predicts", () => {
  for (const { task, weighted, monotone, predicted } of golden.boosting)
    test(`${task}${weighted ? ", weighted" : ""}${monotone ? ", monotone" : ""}`, () => {
      const model = gbdt.fit({
        ...learning(task),
        ...(weighted ? { weights: Float64Array.from(golden.weights.slice(0, train)) } : {}),
        params: gbdt.params.parse({
          ...{ rounds: 10, patience: 0, maxDepth: 4, learningRate: 0.3 },
          monotone: Object.fromEntries((monotone ?? []).map((m, j) => [names[j], m])),
        }),
      });
      const { values } = model.predict(design(0, train));
      const size = task === "regression" ? 100 : 1;
      let worst = 0;
      for (const [i, p] of predicted.entries())
        worst = Math.max(worst, Math.abs(p - values[i]!) / size);
      expect(worst).toBeLessThan(1e-5);
    });
});

describe("the forest is as good as scikit-learn's", () => {
  const settings = { trees: 300, maxDepth: 10, minLeaf: 2 };
  const held = design(train, rows);

  test("binary", () => {
    const params = forest.params.parse(settings);
    const { values } = forest.fit({ ...learning("binary"), params }).predict(held);
    const truth = golden.target.binary.slice(train);
    expect(areaUnderCurve(values, truth)).toBeGreaterThan(golden.forest.auc - 0.01);
    expect(correlation(values, golden.forest.probability)).toBeGreaterThan(0.97);
  });

  test("regression", () => {
    const params = forest.params.parse({ ...settings, columnSample: 1 / 3 });
    const { values } = forest.fit({ ...learning("regression"), params }).predict(held);
    const truth = golden.target.regression.slice(train);
    const squares = truth.reduce((sum, y, i) => sum + (y - values[i]!) ** 2, 0);
    expect(Math.sqrt(squares / truth.length)).toBeLessThan(1.03 * golden.forest.rmse);
  });
});

/** Share of (positive, negative) pairs in the right order. */
function areaUnderCurve(scores: ArrayLike<number>, truth: readonly number[]): number {
  let [right, pairs] = [0, 0];
  truth.forEach((a, i) => {
    truth.forEach((b, j) => {
      if (a <= b) return;
      pairs++;
      right += scores[i]! > scores[j]! ? 1 : scores[i]! === scores[j]! ? 0.5 : 0;
    });
  });
  return right / pairs;
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  const mean = (v: ArrayLike<number>) => Array.from(v).reduce((s, x) => s + x, 0) / n;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
