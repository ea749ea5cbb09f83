import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { metricNamed } from "../../src/evaluation/metrics/all.ts";
import { evaluatorOf } from "../../src/evaluation/metrics/metric.ts";
import { random } from "../../src/lib/random.ts";
import type { Task } from "../../src/lib/task.ts";
import { bcaInterval, bootstrapReplicates, percentileInterval } from "../../src/stats/bootstrap.ts";
import { delong, delongDifference } from "../../src/stats/delong.ts";
import { quantile, sortedKnown, variance, weightedMean } from "../../src/stats/descriptive.ts";
import * as distributions from "../../src/stats/distributions.ts";
import * as divergence from "../../src/stats/divergence.ts";
import { empirical, ksDistance, wassersteinDistance } from "../../src/stats/empirical.ts";
import { benjaminiHochberg } from "../../src/stats/false-discovery.ts";
import * as hypothesis from "../../src/stats/hypothesis.ts";
import { clopperPearson, wilson } from "../../src/stats/intervals.ts";
import { isotonic, isotonicAt } from "../../src/stats/isotonic.ts";
import { ranks } from "../../src/stats/ranks.ts";
import * as special from "../../src/stats/special.ts";

const golden = JSON.parse(readFileSync(new URL("stats.json", import.meta.url), "utf8"));

const FUNCTIONS: Record<string, (...args: number[]) => number | number[]> = {
  ...(special as unknown as Record<string, (...args: number[]) => number>),
  ...distributions,
  gammaLower: (a, x) => special.gammaIncomplete(a!, x!).lower,
  gammaUpper: (a, x) => special.gammaIncomplete(a!, x!).upper,
  wilson: (k, n) => bounds(wilson(k!, n!)),
  clopperPearson: (k, n) => bounds(clopperPearson(k!, n!)),
  proportionTest: (a, n, b, k) => {
    const { statistic, p } = hypothesis.proportionTest(a!, n!, b!, k!);
    return [statistic, p];
  },
};
const bounds = (i: { lower: number; upper: number }) => [i.lower, i.upper];

/** Relative 1e-9, absolute 1e-12: far below the 1e-6 that is promised. */
function close(actual: number, expected: number) {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-12 + 1e-9 * Math.abs(expected));
}

describe("statistics equal scipy and statsmodels", () => {
  test.each(Object.keys(golden.functions))("%s", (name) => {
    for (const [args, expected] of golden.functions[name]) {
      const actual = FUNCTIONS[name]!(...args);
      const [left, right] = [[actual].flat(), [expected].flat()];
      for (const [i, value] of left.entries()) close(value, right[i]!);
    }
  });

  test("two-sample statistics, distances and adjusted p-values", () => {
    const g = golden.twoSamples;
    const [a, b] = [sortedKnown(g.a), sortedKnown(g.b)];
    const { statistic: ks, p: ksP } = hypothesis.ksTest(a, b);
    close(ks, g.ks);
    close(ksP, g.ksP);
    close(ksDistance(empirical(a), empirical(b)), g.ks);
    close(wassersteinDistance(empirical(a), empirical(b)), g.wasserstein);
    close(divergence.jensenShannonDistance(g.countsA, g.countsB), g.jensenShannon);
    close(divergence.totalVariation(g.countsA, g.countsB), g.totalVariation);
    close(divergence.populationStabilityIndex(g.countsA, g.countsB), g.psi);
    const chi = hypothesis.chiSquareTest([g.countsA, g.countsB]);
    for (const [i, value] of [chi.statistic, chi.df, chi.p].entries()) close(value, g.chiSquare[i]);
    const fit = hypothesis.goodnessOfFit([48, 60, 92], [0.25, 0.25, 0.5]);
    for (const [i, value] of [fit.statistic, fit.p].entries()) close(value, g.goodness[i]);
    const of = (x: Float64Array) => ({
      mean: x.reduce((s, v) => s + v, 0) / x.length,
      variance: variance(x),
      n: x.length,
    });
    const welch = hypothesis.welchTest(of(a), of(b));
    for (const [i, value] of [welch.statistic, welch.df, welch.p].entries())
      close(value, g.welch[i]);
    for (const [i, value] of benjaminiHochberg(g.pValues).adjusted.entries())
      close(value, g.adjusted[i]);
    for (const [i, value] of ranks(Float64Array.from(g.a)).entries()) close(value, g.ranks[i]);
    for (const [i, p] of [0, 0.1, 0.333, 0.5, 0.9, 1].entries())
      close(quantile(a, p), g.quantiles[i]);
    close(variance(g.a), g.variance);
  });

  test("bootstrap intervals agree with scipy's to the noise of resampling", () => {
    const { values, percentile, bca } = golden.bootstrap;
    const meanOf = (counts: ArrayLike<number>) => weightedMean(values, counts);
    const replicates = bootstrapReplicates({
      rows: values.length,
      resamples: 20_000,
      rng: random(1),
      statistic: meanOf,
    });
    const jackknife = Float64Array.from(values, (_, left) =>
      meanOf(values.map((_: number, i: number) => (i === left ? 0 : 1))),
    );
    const value = meanOf(values.map(() => 1));
    const width = percentile[1] - percentile[0];
    const near = (interval: { lower: number; upper: number }, [low, high]: number[]) => {
      expect(Math.abs(interval.lower - low!)).toBeLessThan(0.03 * width);
      expect(Math.abs(interval.upper - high!)).toBeLessThan(0.03 * width);
    };
    near(percentileInterval(value, replicates), percentile);
    near(bcaInterval(value, replicates, jackknife), bca);
  });

  test("isotonic regression", () => {
    const { x, y, weights, fitted } = golden.isotonic;
    const pools = isotonic(x, y, weights);
    // Pools are points at their mean x; scikit-learn holds the pool's value at each of its x.
    for (const value of pools.y)
      expect(Math.min(...fitted.map((f: number) => Math.abs(f - value)))).toBeLessThan(1e-8);
    expect(new Set(fitted).size).toBe(pools.y.length);
    expect(isotonicAt(pools, -1)).toBe(pools.y[0]);
    expect(isotonicAt(pools, 2)).toBe(pools.y.at(-1));
  });

  test("DeLong's variance of one AUC and of the difference of two", () => {
    const { target, scores, other, ...g } = golden.binary;
    const [y, a, b] = [target, scores, other].map((v) => Float64Array.from(v));
    close(delong(a!, y!).auc, g.plain.auc);
    close(delong(a!, y!).variance, g.delongVariance);
    close(delongDifference(a!, b!, y!).variance, g.delongDifferenceVariance);
  });
});

describe.each(["binary", "multiclass", "regression"] as Task[])(
  "%s metrics equal scikit-learn's, plain and weighted",
  (task) => {
    const g = golden[task];
    const target = Float64Array.from(g.target);
    const scores = {
      rows: target.length,
      width: g.width ?? 1,
      values: Float64Array.from(g.scores as number[]),
    };
    const weights = Float64Array.from(golden.weights);
    test.each(Object.keys(g.plain))("%s", (name) => {
      const metric = metricNamed(name, task);
      close(metric.compute(scores, target), g.plain[name]);
      close(metric.compute(scores, target, weights), g.weighted[name]);
      close(evaluatorOf(metric, scores, target)(weights), g.weighted[name]);
    });
  },
);
