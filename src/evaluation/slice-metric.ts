import type { Target, Task } from "../lib/task.ts";
import { auc } from "./metrics/auc.ts";
import { brier } from "./metrics/brier.ts";
import { mae } from "./metrics/mae.ts";
import type { Metric } from "./metrics/metric.ts";

const EACH_CLASS = 5;

/**
 * What a slice is judged by. The wanted metric where it is a mean over rows or AUC; AUC instead of average precision, which moves
 * with the share of positives and would compare slices by that; the Brier score where a slice has fewer than five rows of a class;
 * Brier or mean absolute error instead of metrics without a formula for their error.
 */
export function sliceMetric(task: Task, wanted: Metric, target: Target): Metric {
  if (task === "regression") return wanted.perRow === undefined ? mae : wanted;
  if (wanted.perRow !== undefined) return wanted;
  if (task === "multiclass") return brier;
  let positives = 0;
  for (const t of target) positives += t;
  const rarer = Math.min(positives, target.length - positives);
  return rarer >= EACH_CLASS ? auc : brier;
}
