import type { Scores, Target, Task } from "../../lib/task.ts";

/**
 * One way to say how good predictions are. To add one: a file here and a line in `all.ts`.
 * Targets hold no NaN (`knownRows` removes unlabelled rows first). A metric that is not defined on the data (one class only, no
 * rows, a total weight of 0) is NaN, never a made-up number. Binary labels are "positive" at probability >= 0.5.
 */
export interface Metric {
  /** Short and stable: stored with reports. */
  readonly name: string;
  readonly title: string;
  readonly tasks: readonly Task[];
  readonly better: "higher" | "lower";
  /** `share`: 0..1, shown as percent or points; `target`: in the target's own unit; `loss`: no unit. */
  readonly unit: "share" | "target" | "loss";
  compute(scores: Scores, target: Target, weights?: Float64Array): number;
  /** For metrics that are a mean over rows: the value of each row. */
  perRow?(scores: Scores, target: Target): Float64Array;
  /** The same number as `compute` for many weightings of the same rows (bootstrap): sorting is done once, outside the returned function. */
  evaluator?(scores: Scores, target: Target): (weights: Float64Array) => number;
  /** A 95 % interval better or cheaper than the bootstrap's. */
  interval?(
    scores: Scores,
    target: Target,
  ): { readonly lower: number; readonly upper: number; readonly standardError: number };
}

/** The metric as a function of row weights, by the cheapest way it offers. */
export function evaluatorOf(
  metric: Metric,
  scores: Scores,
  target: Target,
): (weights: Float64Array) => number {
  if (metric.evaluator !== undefined) return metric.evaluator(scores, target);
  return (weights) => metric.compute(scores, target, weights);
}

/** Its targets are classes, not numbers. */
export const isOfClasses = ({ tasks }: Metric): boolean => !tasks.includes("regression");
