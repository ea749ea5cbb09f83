import { type Estimate, estimate } from "../evaluation/estimate.ts";
import { knownRows, takeScores } from "../evaluation/known-rows.ts";
import { metricNamed } from "../evaluation/metrics/all.ts";
import type { Metric } from "../evaluation/metrics/metric.ts";
import { type Report, reportedMetric } from "../evaluation/report.ts";
import { sliceMetric } from "../evaluation/slice-metric.ts";
import { differenceInWords, finite, valueInWords } from "../evaluation/wording.ts";
import type { Scores, Target } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { studentSf } from "../stats/distributions.ts";

/** How a window with labels compares with what the evaluation promised. Plain JSON. */
export interface WindowPerformance {
  readonly metric: string;
  /** Rows of the window whose label is known. */
  readonly labelled: number;
  readonly before: number;
  readonly now: number;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Chance of a value this bad if nothing had changed (one-sided). */
  readonly p: number;
  /** Worse beyond chance (p < 0.001), and by enough to matter: 2 points of a share, 10 % of an error. */
  readonly worse: boolean;
  /** What was lost per row, in the metric's unit; negative = gained. */
  readonly loss: number;
  readonly words: string;
}

const MIN_LABELS = 30;
const MIN_NUMBERS = 5;
const MAX_P = 0.001;
const FLOOR_SHARE = 0.02;
const FLOOR_RATIO = 0.1;

/**
 * Judged by the report's primary metric where the window allows it: a window with fewer than five rows of a class is judged by the
 * Brier score, metrics without a standard error by Brier or mean absolute error. Fewer than 30 labels (5 for regression) give undefined.
 */
export function windowPerformance(input: {
  readonly report: Report;
  readonly scores: Scores;
  /** NaN where no label came yet. */
  readonly target: Target;
  readonly seed: number;
}): WindowPerformance | undefined {
  const { report } = input;
  const known = knownRows(input.target);
  if (known.length < (report.task === "regression" ? MIN_NUMBERS : MIN_LABELS)) return undefined;
  const target = valuesAt(input.target, known);
  const metric = sliceMetric(report.task, metricNamed(report.primary, report.task), target);
  const before = reportedMetric(report, metric.name);
  if (before === undefined) return undefined;
  const now = estimate(metric, takeScores(input.scores, known), target, { seed: input.seed });
  if (!Number.isFinite(now.value)) return undefined;
  return judged(metric, before.value, before.standardError ?? 0, now, known.length);
}

function judged(
  metric: Metric,
  before: number,
  errorBefore: number,
  now: Estimate,
  labelled: number,
): WindowPerformance {
  const loss = (now.value - before) * (metric.better === "higher" ? -1 : 1);
  const error = Math.hypot(errorBefore, now.standardError);
  const p = error > 0 ? studentSf(loss / error, labelled - 1) : loss > 0 ? 0 : 1;
  const floor = metric.unit === "share" ? FLOOR_SHARE : FLOOR_RATIO * Math.abs(before);
  return {
    metric: metric.name,
    labelled,
    before,
    now: now.value,
    lower: finite(now.lower),
    upper: finite(now.upper),
    p,
    worse: p < MAX_P && loss >= floor,
    loss,
    words: performanceInWords(metric, before, now, loss, labelled),
  };
}

function performanceInWords(
  metric: Metric,
  before: number,
  now: Estimate,
  loss: number,
  labelled: number,
): string {
  const range =
    Number.isFinite(now.lower) && Number.isFinite(now.upper)
      ? ` (95 %: ${valueInWords(now.lower)} to ${valueInWords(now.upper)})`
      : "";
  const change = `${differenceInWords(metric, loss)} ${loss > 0 ? "worse" : "better"}`;
  return `${metric.name} ${valueInWords(now.value)}${range} on ${labelled} labelled rows, ${valueInWords(before)} was promised: ${change}`;
}
