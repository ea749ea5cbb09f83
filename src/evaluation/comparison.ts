import { random } from "../lib/random.ts";
import type { Scores, Target } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { percentileInterval } from "../stats/bootstrap.ts";
import { delongDifference } from "../stats/delong.ts";
import { mean, variance } from "../stats/descriptive.ts";
import { studentCdf, studentSf } from "../stats/distributions.ts";
import { aroundMean } from "../stats/intervals.ts";
import { takeScores } from "./known-rows.ts";
import { evaluatorOf, isOfClasses, type Metric } from "./metrics/metric.ts";
import { resampled } from "./resampled.ts";

/** How much better `a` is than `b` on the same rows, in the metric's unit; positive always favours `a`. */
export interface Comparison {
  readonly a: number;
  readonly b: number;
  readonly improvement: number;
  /** 95 % interval of the improvement. */
  readonly lower: number;
  readonly upper: number;
  readonly standardError: number;
  /** One-sided: chance of seeing at least this improvement if there were none; and the same for the loss. */
  readonly pBetter: number;
  readonly pWorse: number;
}

/** Paired bootstrap: both models are judged on the same 2,000 resamples of the rows. Deterministic for a seed. */
export function compareByBootstrap(
  metric: Metric,
  a: Scores,
  b: Scores,
  target: Target,
  options: { readonly seed: number; readonly resamples?: number },
): Comparison {
  const sign = metric.better === "higher" ? 1 : -1;
  const [va, vb] = [metric.compute(a, target), metric.compute(b, target)];
  const value = sign * (va - vb);
  const replicates = resampled({
    ...{ value, target, classes: isOfClasses(metric), resamples: options.resamples ?? 2000 },
    rng: random(options.seed).split("paired"),
    statistic: (rows) => {
      if (rows === undefined) return pairedStatistic(metric, a, b, target, sign);
      const [some, others] = [takeScores(a, rows), takeScores(b, rows)];
      return pairedStatistic(metric, some, others, valuesAt(target, rows), sign);
    },
  });
  const interval = percentileInterval(value, replicates);
  const flipped = percentileInterval(
    0,
    replicates.map((r) => -r),
  );
  return {
    a: va,
    b: vb,
    improvement: interval.value,
    lower: interval.lower,
    upper: interval.upper,
    standardError: interval.standardError,
    pBetter: interval.notAbove,
    pWorse: flipped.notAbove,
  };
}

function pairedStatistic(
  metric: Metric,
  a: Scores,
  b: Scores,
  target: Target,
  sign: number,
): (counts: Float64Array) => number {
  if (metric.perRow === undefined) {
    const [of, against] = [evaluatorOf(metric, a, target), evaluatorOf(metric, b, target)];
    return (counts) => sign * (of(counts) - against(counts));
  }
  const differences = rowDifferences(metric, a, b, target, sign);
  return (counts) => {
    let sum = 0;
    for (let i = 0; i < counts.length; i++) sum += counts[i]! * differences[i]!;
    return sum / counts.length;
  };
}

/** By formula, for many small slices: DeLong for AUC, Student's paired t for means over rows; undefined for other metrics. */
export function compareByFormula(
  metric: Metric,
  a: Scores,
  b: Scores,
  target: Target,
): Comparison | undefined {
  const sign = metric.better === "higher" ? 1 : -1;
  const n = target.length;
  if (metric.name === "auc") {
    const { difference, variance: v } = delongDifference(a.values, b.values, target);
    return formula(metric, a, b, target, difference, Math.sqrt(v), Number.POSITIVE_INFINITY);
  }
  if (metric.perRow === undefined) return undefined;
  const differences = rowDifferences(metric, a, b, target, sign);
  const standardError = Math.sqrt(variance(differences) / n);
  return formula(metric, a, b, target, mean(differences), standardError, n - 1);
}

function formula(
  metric: Metric,
  a: Scores,
  b: Scores,
  target: Target,
  improvement: number,
  standardError: number,
  df: number,
): Comparison {
  const { lower, upper } = aroundMean(improvement, standardError, df);
  const t = standardError > 0 ? improvement / standardError : Math.sign(improvement) * 1e9;
  return {
    a: metric.compute(a, target),
    b: metric.compute(b, target),
    improvement,
    lower,
    upper,
    standardError,
    pBetter: improvement === 0 && standardError === 0 ? 1 : studentSf(t, df),
    pWorse: improvement === 0 && standardError === 0 ? 1 : studentCdf(t, df),
  };
}

function rowDifferences(
  metric: Metric,
  a: Scores,
  b: Scores,
  target: Target,
  sign: number,
): Float64Array {
  const [ra, rb] = [metric.perRow!(a, target), metric.perRow!(b, target)];
  return ra.map((value, i) => sign * (value - rb[i]!));
}
