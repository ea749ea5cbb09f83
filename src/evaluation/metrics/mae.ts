import { weightedMean } from "../../stats/descriptive.ts";
import type { Metric } from "./metric.ts";

/** Mean absolute error, in the target's unit. */
export const mae: Metric = {
  name: "mae",
  title: "Mean absolute error",
  tasks: ["regression"],
  better: "lower",
  unit: "target",
  compute: (scores, target, weights) => weightedMean(mae.perRow!(scores, target), weights),
  perRow: ({ values }, target) => target.map((truth, i) => Math.abs(values[i]! - truth)),
};
