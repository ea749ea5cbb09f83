import { describe, expect, test } from "vitest";
import { canonicalJson } from "../lib/json.ts";
import { random } from "../lib/random.ts";
import { type Column, numberColumn, stringColumn } from "../table/table.ts";
import { defaultMetric, metricNamed } from "./metrics/all.ts";
import { report, reportedMetric } from "./report.ts";

const rng = random("report");
const rows = 1200;
const truth = Float64Array.from({ length: rows }, () => rng.next());
const binaryTarget = truth.map((p) => (rng.next() < p ? 1 : 0));
const group = Array.from({ length: rows }, (_, i) => (i % 6 === 0 ? "lost" : `g${i % 3}`));
const binaryScores = {
  rows,
  width: 1,
  values: truth.map((p, i) => (group[i] === "lost" ? rng.next() : p)),
};
const table = {
  rows,
  columns: new Map<string, Column>([
    ["group", stringColumn(group)],
    ["size", numberColumn(truth.map((p, i) => (i % 10 === 0 ? Number.NaN : p * 40)))],
    ["key", stringColumn(group.map((_, i) => `row ${i}`))],
  ]),
};

describe("a report", () => {
  const of = report({
    task: "binary",
    metric: metricNamed("auc", "binary"),
    scores: binaryScores,
    target: binaryTarget,
    table,
    seed: 1,
  });

  test("holds every metric of the task within its interval", () => {
    expect(of.metrics).toHaveLength(9);
    for (const m of of.metrics.filter(({ name }) => name !== "ece")) {
      expect(m.lower!).toBeLessThan(m.value);
      expect(m.upper!).toBeGreaterThan(m.value);
    }
  });

  test("flags the slice where the model is lost, and no other value of that column", () => {
    const slices = of.slices.filter(({ column }) => column === "group");
    expect(slices.filter(({ worse }) => worse).map(({ value }) => value)).toEqual(["lost"]);
    expect(of.slices[0]!.adjustedP).toBeLessThan(1e-6);
  });

  test("slices numbers by quarter and missing, and leaves keys out", () => {
    const named = (column: string) =>
      of.slices.filter((s) => s.column === column).map((s) => s.value);
    expect(named("size")).toHaveLength(5);
    expect(named("size")).toContain("(missing)");
    expect(named("key")).toEqual([]);
  });

  test("is plain JSON and the same for the same seed", () => {
    expect(JSON.parse(canonicalJson(of))).toEqual(of);
  });

  test("counts each row once in the confusion table and in the calibration bins", () => {
    expect(of.confusion!.flat().reduce((a, b) => a + b)).toBe(rows);
    expect(of.calibration!.reduce((sum, bin) => sum + bin.rows, 0)).toBe(rows);
  });
});

test("rows without a label are left out", () => {
  const target = binaryTarget.map((t, i) => (i < 1000 ? Number.NaN : t));
  const of = report({
    task: "binary",
    metric: metricNamed("auc", "binary"),
    scores: binaryScores,
    target,
    table,
    seed: 1,
  });
  expect(of.rows).toBe(200);
  for (const s of of.slices) expect(s.rows).toBeLessThanOrEqual(200);
});

test("no labels and one class give a report without the metrics that need them", () => {
  const none = report({
    task: "binary",
    metric: metricNamed("auc", "binary"),
    scores: binaryScores,
    target: new Float64Array(rows).fill(Number.NaN),
    seed: 1,
  });
  expect([none.rows, none.metrics.length]).toEqual([0, 0]);
  const one = report({
    task: "binary",
    metric: metricNamed("auc", "binary"),
    scores: binaryScores,
    target: new Float64Array(rows).fill(0),
    seed: 1,
  });
  expect(reportedMetric(one, "auc")).toBeUndefined();
  expect(reportedMetric(one, "accuracy")).toBeDefined();
  expect(JSON.parse(canonicalJson(one))).toEqual(one);
});

test("regression reports residuals by prediction", () => {
  const target = truth.map((t) => 100 * t);
  const values = target.map((t) => t + (t > 80 ? 30 : 3) * rng.normal());
  const of = report({
    task: "regression",
    metric: metricNamed("mae", "regression"),
    scores: { rows, width: 1, values },
    target,
    table,
    seed: 1,
  });
  const { byPrediction } = of.residuals!;
  expect(byPrediction).toHaveLength(10);
  expect(byPrediction[9]!.mae).toBeGreaterThan(4 * byPrediction[2]!.mae);
  expect(of.slices[0]).toMatchObject({ column: "size", worse: true });
});

test("multiclass reports accuracy, macro F1, log loss and Brier", () => {
  const target = Float64Array.from(truth, (t) => Math.floor(t * 3));
  const values = Float64Array.from({ length: rows * 3 }, (_, i) =>
    i % 3 === target[Math.floor(i / 3)] ? 0.6 : 0.2,
  );
  const of = report({
    task: "multiclass",
    metric: metricNamed("log_loss", "multiclass"),
    scores: { rows, width: 3, values },
    target,
    classes: ["a", "b", "c"],
    seed: 1,
  });
  expect(of.metrics.map((m) => m.name)).toEqual(["accuracy", "macro_f1", "log_loss", "brier"]);
  expect(of.confusion!.map((row, k) => row[k])).toEqual(
    of.confusion!.map((row) => Math.max(...row)),
  );
});

test("the default metric follows the task and the share of positives", () => {
  const shares = [0.3, 0.01].map((share) => truth.map((p) => (p < share ? 1 : 0)));
  expect(shares.map((t) => defaultMetric("binary", t).name)).toEqual(["auc", "average_precision"]);
  expect(defaultMetric("multiclass", truth).name).toBe("log_loss");
  expect(defaultMetric("regression", truth).name).toBe("mae");
});
