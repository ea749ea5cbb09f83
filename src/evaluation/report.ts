import type { Scores, Target, Task } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { quantile } from "../stats/descriptive.ts";
import type { Table } from "../table/table.ts";
import { type CalibrationBin, calibrationBins } from "./calibration.ts";
import { classCount, confusionCounts } from "./confusion.ts";
import { estimate } from "./estimate.ts";
import { knownRows, takeScores } from "./known-rows.ts";
import { metricsFor } from "./metrics/all.ts";
import type { Metric } from "./metrics/metric.ts";
import { type SliceReport, sliceReports } from "./slice-report.ts";
import { slicesOf } from "./slices.ts";
import { finite } from "./wording.ts";

/** How good a model was on some rows, in plain JSON: stored with the version, shown, and compared with later windows. */
export interface Report {
  readonly task: Task;
  /** Rows with a known target. */
  readonly rows: number;
  /** The metric models are chosen by. */
  readonly primary: string;
  readonly metrics: readonly ReportedMetric[];
  readonly slices: readonly SliceReport[];
  readonly classes?: readonly string[];
  /** counts[truth][said]. */
  readonly confusion?: readonly (readonly number[])[];
  readonly calibration?: readonly CalibrationBin[];
  readonly residuals?: Residuals;
}

/** null: not defined on these rows (no interval for a single row, say). Metrics without a value are left out. */
export interface ReportedMetric {
  readonly name: string;
  readonly title: string;
  readonly better: "higher" | "lower";
  readonly unit: Metric["unit"];
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly standardError: number | null;
}

/** Of target - prediction, in the target's unit. */
interface Residuals {
  readonly mean: number;
  /** At 5, 25, 50, 75 and 95 %. */
  readonly quantiles: readonly number[];
  /** Mean absolute residual per tenth of the predictions, ascending: where the model errs most. */
  readonly byPrediction: readonly {
    readonly upTo: number;
    readonly rows: number;
    readonly mae: number;
  }[];
}

export interface ReportInput {
  readonly task: Task;
  readonly metric: Metric;
  readonly scores: Scores;
  /** NaN = not known; those rows are left out. */
  readonly target: Target;
  /** Columns to slice by; as many rows as the target. */
  readonly table?: Table;
  readonly sliceColumns?: readonly string[];
  readonly classes?: readonly string[];
  readonly seed: number;
}

/** Deterministic for a seed. */
export function report(input: ReportInput): Report {
  const { task } = input;
  const known = knownRows(input.target);
  const scores = takeScores(input.scores, known);
  const target = valuesAt(input.target, known);
  return {
    task,
    rows: target.length,
    primary: input.metric.name,
    metrics: target.length === 0 ? [] : reportedMetrics(task, scores, target, input.seed),
    slices: input.table === undefined ? [] : slices(input, input.table),
    ...(input.classes === undefined ? {} : { classes: input.classes }),
    ...(task === "regression"
      ? { residuals: residualsOf(scores, target) }
      : { confusion: confusionTable(scores, target) }),
    ...(task === "binary" ? { calibration: calibrationBins(scores, target) } : {}),
  };
}

/** The report's metric of that name, if it was defined. */
export const reportedMetric = (of: Report, name: string): ReportedMetric | undefined =>
  of.metrics.find((metric) => metric.name === name);

function reportedMetrics(
  task: Task,
  scores: Scores,
  target: Target,
  seed: number,
): readonly ReportedMetric[] {
  return metricsFor(task).flatMap((metric) => {
    const e = estimate(metric, scores, target, { seed });
    if (!Number.isFinite(e.value)) return [];
    const { name, title, better, unit } = metric;
    return [
      {
        ...{ name, title, better, unit, value: e.value },
        lower: finite(e.lower),
        upper: finite(e.upper),
        standardError: finite(e.standardError),
      },
    ];
  });
}

function slices(input: ReportInput, table: Table): readonly SliceReport[] {
  const found = slicesOf(
    table,
    input.sliceColumns === undefined ? {} : { columns: input.sliceColumns },
  );
  return sliceReports({ ...input, slices: found });
}

function confusionTable(scores: Scores, target: Target): readonly (readonly number[])[] {
  const classes = classCount(scores);
  const counts = confusionCounts(scores, target);
  return Array.from({ length: classes }, (_, k) =>
    Array.from(counts.subarray(k * classes, (k + 1) * classes)),
  );
}

function residualsOf(scores: Scores, target: Target): Residuals {
  const n = target.length;
  const residuals = target.map((truth, i) => truth - scores.values[i]!);
  const sorted = residuals.slice().sort();
  const order = Uint32Array.from(target, (_, i) => i).sort(
    (a, b) => scores.values[a]! - scores.values[b]! || a - b,
  );
  const tenths = Math.min(10, n);
  const byPrediction = Array.from({ length: tenths }, (_, k) => {
    const rows = order.subarray(Math.floor((k * n) / tenths), Math.floor(((k + 1) * n) / tenths));
    const mae = rows.reduce((sum, row) => sum + Math.abs(residuals[row]!), 0) / rows.length;
    return { upTo: scores.values[rows[rows.length - 1]!]!, rows: rows.length, mae };
  });
  return {
    mean: n === 0 ? 0 : residuals.reduce((sum, r) => sum + r, 0) / n,
    quantiles: n === 0 ? [] : [0.05, 0.25, 0.5, 0.75, 0.95].map((p) => quantile(sorted, p)),
    byPrediction,
  };
}
