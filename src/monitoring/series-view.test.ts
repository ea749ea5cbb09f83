import { describe, expect, test } from "vitest";
import { digestOf } from "../lib/digest.ts";
import { NO_HISTORY } from "./persistence.ts";
import { seriesOf } from "./series-view.ts";
import type { FeatureDrift } from "./window-drift.ts";
import type { WindowReport } from "./window-report.ts";

const DAY = 86_400_000;

const drift = (feature: string, more: Partial<FeatureDrift> = {}): FeatureDrift => ({
  importance: 0,
  ...{ feature, rows: 400, enough: true, test: "ks", statistic: 0.03, threshold: 0.08 },
  ...{ p: 0.4, adjustedP: 0.6, effect: 0.01, effectUnit: "sd", drifted: false, importance: 0.2 },
  ...{ impact: 0, psi: 0.01, words: `${feature} is as before` },
  ...more,
});

const window = (day: number, more: Partial<WindowReport> = {}): WindowReport =>
  ({
    ...{ model: "m", version: digestOf("v"), persistence: NO_HISTORY },
    ...{ window: { start: day * DAY, end: (day + 1) * DAY }, rows: 400, features: [] },
    ...{ persistent: [], prediction: undefined, predictionPersistent: false, missing: [] },
    ...{ volume: undefined, performance: undefined, estimated: [] },
    ...more,
  }) as WindowReport;

const performance = (metric: string, now: number, worse: boolean): WindowReport["performance"] => ({
  ...{ metric, labelled: 120, before: 0.9, now, lower: now - 0.03, upper: now + 0.03 },
  ...{ p: worse ? 1e-6 : 0.4, worse, loss: 0.9 - now, words: "" },
});

describe("what the windows of a model say", () => {
  test("nothing, when there is no window", () => {
    expect(seriesOf([])).toEqual([]);
  });

  test("performance comes first, with what was promised; a window without labels is a gap", () => {
    const [first] = seriesOf([
      window(0, { performance: performance("auc", 0.89, false) }),
      window(1),
      window(2, { performance: performance("auc", 0.7, true) }),
    ]);
    expect(first).toMatchObject({ kind: "performance", name: "auc", better: "higher" });
    expect(first!.points.map((p) => p.value)).toEqual([0.89, null, 0.7]);
    expect(first!.points.map((p) => p.alarm)).toEqual([false, false, true]);
    expect(first!.points[0]).toMatchObject({ expected: 0.9, low: 0.86, high: 0.92, rows: 120 });
  });

  test("values of different metrics are never one line: the most used metric first", () => {
    const found = seriesOf([
      window(0, { performance: performance("brier", 0.1, false) }),
      window(1, { performance: performance("auc", 0.9, false) }),
      window(2, { performance: performance("auc", 0.9, false) }),
    ]).filter((s) => s.kind === "performance");
    expect(found.map((s) => s.name)).toEqual(["auc", "brier"]);
    expect(found[0]!.points.map((p) => p.value)).toEqual([null, 0.9, 0.9]);
  });

  test("an estimate that cannot be known is a gap, not a number", () => {
    const estimate = { metric: "auc", value: 0.8, lower: 0.7, upper: 0.9, words: "" };
    const [found] = seriesOf([
      window(0, { estimated: [{ ...estimate, known: true }] }),
      window(1, { estimated: [{ ...estimate, known: false }] }),
    ]);
    expect(found).toMatchObject({ kind: "estimated" });
    expect(found!.points.map((p) => p.value)).toEqual([0.8, null]);
  });

  test("drift: predictions first, then the features by impact; too few rows claim nothing", () => {
    const found = seriesOf([
      window(0, { features: [drift("a", { enough: false })], prediction: drift("prediction") }),
      window(1, {
        features: [drift("a"), drift("b", { drifted: true, statistic: 0.5, impact: 2 })],
        prediction: drift("prediction"),
      }),
    ]).filter((s) => s.kind === "drift");
    expect(found.map((s) => s.name)).toEqual(["prediction", "b", "a"]);
    expect(found[1]!.points.map((p) => p.value)).toEqual([null, 0.5]);
    expect(found[1]!.points[1]).toMatchObject({ threshold: 0.08, alarm: true });
    expect(found[2]!.points[0]!.value).toBeNull();
  });
});
