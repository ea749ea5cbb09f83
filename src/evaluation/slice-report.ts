import type { Scores, Target, Task } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { normalSf } from "../stats/distributions.ts";
import { benjaminiHochberg } from "../stats/false-discovery.ts";
import { estimate } from "./estimate.ts";
import { knownRows, takeScores } from "./known-rows.ts";
import type { Metric } from "./metrics/metric.ts";
import { sliceMetric } from "./slice-metric.ts";
import type { Slice } from "./slices.ts";
import { finite } from "./wording.ts";

/** How a slice does against all other rows. */
export interface SliceReport {
  readonly column: string;
  readonly value: string;
  readonly rows: number;
  /** The metric the slice was judged by (see slice-metric). */
  readonly metric: string;
  readonly estimate: number;
  readonly lower: number | null;
  readonly upper: number | null;
  /** The same metric on the other rows. */
  readonly rest: number;
  /** One-sided "worse than the rest", Benjamini–Hochberg over all slices. */
  readonly adjustedP: number | null;
  /** adjustedP <= 0.05. */
  readonly worse: boolean;
}

/** The rest is compared on at most this many rows, evenly spaced. */
const REST_ROWS = 20_000;

/** Worst first: flagged slices, then by adjusted p. Slices whose metric is not defined are left out. */
export function sliceReports(input: {
  readonly task: Task;
  readonly metric: Metric;
  readonly scores: Scores;
  readonly target: Target;
  readonly slices: readonly Slice[];
  readonly seed: number;
}): readonly SliceReport[] {
  const known = knownRows(input.target);
  const judged = input.slices.flatMap((slice) => {
    const inside = new Uint8Array(input.target.length);
    for (const row of slice.rows) inside[row] = 1;
    const rows = slice.rows.filter((row) => !Number.isNaN(input.target[row]!));
    const others = known.length - rows.length;
    const step = Math.max(1, Math.ceil(others / REST_ROWS));
    let passed = 0;
    const rest = known.filter((row) => inside[row] === 0 && passed++ % step === 0);
    if (rows.length < 2 || rest.length < 2) return [];
    const target = valuesAt(input.target, rows);
    const metric = sliceMetric(input.task, input.metric, target);
    const options = { seed: input.seed };
    const own = estimate(metric, takeScores(input.scores, rows), target, options);
    const other = estimate(
      metric,
      takeScores(input.scores, rest),
      valuesAt(input.target, rest),
      options,
    );
    if (!Number.isFinite(own.value) || !Number.isFinite(other.value)) return [];
    const worseBy = (own.value - other.value) * (metric.better === "higher" ? -1 : 1);
    const error = Math.hypot(own.standardError, other.standardError);
    return [{ slice, metric, own, other, rows: rows.length, p: normalSf(worseBy / error) }];
  });
  const { adjusted, rejected } = benjaminiHochberg(judged.map(({ p }) => p));
  return judged
    .map(({ slice, metric, own, other, rows }, i) => ({
      column: slice.column,
      value: slice.value,
      rows,
      metric: metric.name,
      estimate: own.value,
      lower: finite(own.lower),
      upper: finite(own.upper),
      rest: other.value,
      adjustedP: finite(adjusted[i]!),
      worse: rejected[i]!,
    }))
    .sort((a, b) => Number(b.worse) - Number(a.worse) || (a.adjustedP ?? 1) - (b.adjustedP ?? 1));
}
