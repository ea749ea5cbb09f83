import { random } from "../lib/random.ts";
import type { Scores, Target } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { percentileInterval } from "../stats/bootstrap.ts";
import { variance } from "../stats/descriptive.ts";
import { aroundMean } from "../stats/intervals.ts";
import { takeScores } from "./known-rows.ts";
import { evaluatorOf, isOfClasses, type Metric } from "./metrics/metric.ts";
import { resampled } from "./resampled.ts";

/** A metric's value on some rows with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly standardError: number;
}

/** Deterministic for a seed. The interval is the metric's own where it has one, Student's for means over rows, else a percentile bootstrap (1,000). */
export function estimate(
  metric: Metric,
  scores: Scores,
  target: Target,
  options: { readonly seed: number; readonly resamples?: number },
): Estimate {
  const value = metric.compute(scores, target);
  if (metric.interval !== undefined) return { value, ...metric.interval(scores, target) };
  const n = target.length;
  if (metric.perRow !== undefined) {
    const standardError = Math.sqrt(variance(metric.perRow(scores, target)) / n);
    const around = aroundMean(value, standardError, Math.max(1, n - 1));
    return { ...around, lower: Math.max(0, around.lower), standardError };
  }
  const { lower, upper, standardError } = percentileInterval(
    value,
    resampled({
      ...{ value, target, classes: isOfClasses(metric), resamples: options.resamples ?? 1000 },
      rng: random(options.seed).split(metric.name),
      statistic: (rows) =>
        rows === undefined
          ? evaluatorOf(metric, scores, target)
          : evaluatorOf(metric, takeScores(scores, rows), valuesAt(target, rows)),
    }),
  );
  return { value, lower, upper, standardError };
}
