import { random } from "../lib/random.ts";
import type { Scores, Target } from "../lib/task.ts";
import { bootstrapReplicates, percentileInterval } from "../stats/bootstrap.ts";
import { variance } from "../stats/descriptive.ts";
import { aroundMean } from "../stats/intervals.ts";
import { evaluatorOf, type Metric } from "./metrics/metric.ts";

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
    bootstrapReplicates({
      rows: n,
      resamples: affordableResamples(n, options.resamples ?? 1000),
      rng: random(options.seed).split(metric.name),
      statistic: evaluatorOf(metric, scores, target),
    }),
  );
  return { value, lower, upper, standardError };
}

/** Above 50,000 rows fewer resamples: the interval's own noise stays below 5 % of its width from 400 on. */
export const affordableResamples = (rows: number, wanted: number): number =>
  Math.min(wanted, Math.max(400, Math.floor(1e8 / Math.max(1, rows))));
