import { MillwrightError } from "../../errors.ts";
import type { Target, Task } from "../../lib/task.ts";
import { accuracy } from "./accuracy.ts";
import { auc } from "./auc.ts";
import { averagePrecision } from "./average-precision.ts";
import { brier } from "./brier.ts";
import { ece } from "./ece.ts";
import { f1 } from "./f1.ts";
import { logLoss } from "./log-loss.ts";
import { macroF1 } from "./macro-f1.ts";
import { mae } from "./mae.ts";
import { mape } from "./mape.ts";
import { medianAbsoluteError } from "./median-absolute-error.ts";
import type { Metric } from "./metric.ts";
import { precision } from "./precision.ts";
import { r2 } from "./r2.ts";
import { recall } from "./recall.ts";
import { rmse } from "./rmse.ts";

/** In the order reports show them. */
export const METRICS: readonly Metric[] = [
  auc,
  averagePrecision,
  accuracy,
  f1,
  macroF1,
  precision,
  recall,
  logLoss,
  brier,
  ece,
  mae,
  rmse,
  medianAbsoluteError,
  mape,
  r2,
];

export const metricsFor = (task: Task): readonly Metric[] =>
  METRICS.filter((metric) => metric.tasks.includes(task));

/** @throws invalid_config naming the metrics that fit the task. */
export function metricNamed(name: string, task: Task): Metric {
  const metric = metricsFor(task).find((m) => m.name === name);
  if (metric !== undefined) return metric;
  const known = metricsFor(task).map((m) => m.name);
  throw new MillwrightError(
    "invalid_config",
    `metric "${name}" does not exist for ${task} models; use one of ${known.join(", ")}`,
    { details: { metric: name, task, known } },
  );
}

/**
 * What to choose models by when nobody said. Binary: AUC, or average precision when positives are under 5 % (AUC barely moves
 * there); multiclass: log loss; regression: mean absolute error.
 */
export function defaultMetric(task: Task, target: Target): Metric {
  if (task === "regression") return mae;
  if (task === "multiclass") return logLoss;
  let positives = 0;
  let known = 0;
  for (const t of target) {
    if (Number.isNaN(t)) continue;
    known += 1;
    positives += t;
  }
  return positives < 0.05 * known ? averagePrecision : auc;
}
