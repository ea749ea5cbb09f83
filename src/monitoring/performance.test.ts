import { describe, expect, test } from "vitest";
import { metricNamed } from "../evaluation/metrics/all.ts";
import { report } from "../evaluation/report.ts";
import { random } from "../lib/random.ts";
import { estimatedBinaryPerformance, estimatedRegressionError } from "./estimated-performance.ts";
import { windowPerformance } from "./performance.ts";
import type { FeatureDrift } from "./window-drift.ts";

/** Honest probabilities: outcome drawn from them. `power` above 1 makes positives rarer. */
function honest(seed: string, rows: number, power = 1, noise = 0) {
  const rng = random(seed);
  const truth = Float64Array.from({ length: rows }, () => rng.next() ** power);
  const target = truth.map((p) => (rng.next() < p ? 1 : 0));
  const values = truth.map((p) =>
    noise === 0 ? p : Math.min(1, Math.max(0, p + noise * rng.normal())),
  );
  return { scores: { rows, width: 1, values }, target };
}
const reportOf = (data: ReturnType<typeof honest>) =>
  report({ task: "binary", metric: metricNamed("auc", "binary"), ...data, seed: 1 });

function regression(seed: string, rows: number, sd: (value: number) => number, from = 0, to = 100) {
  const rng = random(seed);
  const values = Float64Array.from({ length: rows }, () => from + (to - from) * rng.next());
  const target = values.map((v) => v + sd(v) * rng.normal());
  return { scores: { rows, width: 1, values }, target };
}

describe("performance of a window with labels", () => {
  const promised = reportOf(honest("promise", 4000));

  test("as promised is not worse; noise in the scores is, with the loss in points", () => {
    const same = windowPerformance({ report: promised, ...honest("same", 500), seed: 1 })!;
    expect(same.worse).toBe(false);
    const bad = windowPerformance({ report: promised, ...honest("bad", 500, 1, 0.8), seed: 1 })!;
    expect(bad).toMatchObject({ worse: true, metric: "auc", labelled: 500 });
    expect(bad.words).toMatch(
      /^auc 0\.\d+ \(95 %: .*\) on 500 labelled rows, 0\.8\d* was promised: .* points worse$/,
    );
  });

  test("rarely calls an unchanged window worse", () => {
    let worse = 0;
    for (let run = 0; run < 200; run++)
      if (windowPerformance({ report: promised, ...honest(`w${run}`, 100), seed: 1 })!.worse)
        worse += 1;
    expect(worse).toBeLessThanOrEqual(2);
  });

  test("needs labels: 30, or 5 numbers", () => {
    const few = honest("few", 40);
    const target = few.target.map((t, i) => (i < 11 ? Number.NaN : t));
    expect(
      windowPerformance({ report: promised, scores: few.scores, target, seed: 1 }),
    ).toBeUndefined();
    const promise = report({
      task: "regression",
      metric: metricNamed("mae", "regression"),
      ...regression("r", 500, () => 5),
      seed: 1,
    });
    const week = windowPerformance({
      report: promise,
      ...regression("shock", 7, () => 60),
      seed: 1,
    });
    expect(week!.loss).toBeGreaterThan(10);
  });

  test("judges a window with hardly any positives by the Brier score", () => {
    const rare = honest("rare", 200);
    const target = rare.target.map((_, i) => (i < 3 ? 1 : 0));
    const seen = windowPerformance({ report: promised, scores: rare.scores, target, seed: 1 });
    expect(seen!.metric).toBe("brier");
  });
});

describe("performance of a window without labels", () => {
  const promised = reportOf(honest("promise", 4000));

  test("lies in the stated range for honest probabilities of another mix", () => {
    let inside = 0;
    const runs = 30;
    for (let run = 0; run < runs; run++) {
      const window = honest(`mix ${run}`, 400, 3);
      const of = { report: promised, probabilities: window.scores.values, drift: [], seed: run };
      const [auc, accuracy] = estimatedBinaryPerformance(of);
      const real = (name: string) =>
        metricNamed(name, "binary").compute(window.scores, window.target);
      for (const e of [auc!, accuracy!])
        if (real(e.metric) >= e.lower && real(e.metric) <= e.upper) inside += 1;
    }
    // 95 % are meant.
    expect(inside / (2 * runs)).toBeGreaterThan(0.88);
  });

  test("corrects dishonest probabilities by what the evaluation saw", () => {
    const bent = (data: ReturnType<typeof honest>) => ({
      ...data,
      scores: { ...data.scores, values: data.scores.values.map((p) => p ** 3) },
    });
    const window = bent(honest("bent window", 2000));
    const estimates = estimatedBinaryPerformance({
      report: reportOf(bent(honest("bent", 6000))),
      probabilities: window.scores.values,
      drift: [],
      seed: 1,
    });
    const accuracy = metricNamed("accuracy", "binary").compute(window.scores, window.target);
    expect(Math.abs(estimates[1]!.value - accuracy)).toBeLessThan(0.03);
  });

  test("says that it cannot know when an input that matters left what was tested", () => {
    const drift: FeatureDrift = {
      ...{ feature: "price", rows: 500, enough: true, test: "ks", statistic: 0.7, threshold: 0.1 },
      ...{
        p: 1e-9,
        adjustedP: 1e-9,
        effect: 2.4,
        effectUnit: "sd",
        drifted: true,
        importance: 0.5,
        impact: 1.2,
      },
      ...{ psi: 3, words: "price: moved by 2.4 standard deviations" },
    };
    const { values } = honest("far", 300).scores;
    const [e] = estimatedBinaryPerformance({
      report: promised,
      probabilities: values,
      drift: [drift],
      seed: 1,
    });
    expect(e).toMatchObject({ known: false });
    expect(e!.words).toMatch(/^auc cannot be known without labels: price: moved by 2.4/);
  });

  test("for numbers follows the predictions to where the model errs more", () => {
    const sd = (value: number) => 1 + value / 10;
    const promise = report({
      task: "regression",
      metric: metricNamed("mae", "regression"),
      ...regression("even", 3000, sd),
      seed: 1,
    });
    const window = regression("high", 500, sd, 70, 100);
    const e = estimatedRegressionError({
      report: promise,
      predictions: window.scores.values,
      drift: [],
      seed: 1,
    })!;
    const real =
      window.target.reduce((s, t, i) => s + Math.abs(t - window.scores.values[i]!), 0) / 500;
    expect(Math.abs(e.value - real) / real).toBeLessThan(0.1);
    expect(e.value).toBeGreaterThan(1.3 * promise.metrics[0]!.value);
  });
});
