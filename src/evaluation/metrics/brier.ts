import { weightedMean } from "../../stats/descriptive.ts";
import type { Metric } from "./metric.ts";

/** Mean squared error of probabilities: binary (p - y)², multiclass summed over the classes (Brier 1950). */
export const brier: Metric = {
  name: "brier",
  title: "Brier score",
  tasks: ["binary", "multiclass"],
  better: "lower",
  unit: "loss",
  compute: (scores, target, weights) => weightedMean(brier.perRow!(scores, target), weights),

  perRow: ({ values, width }, target) =>
    target.map((truth, i) => {
      if (width === 1) return (values[i]! - truth) ** 2;
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (values[i * width + k]! - (k === truth ? 1 : 0)) ** 2;
      return sum;
    }),
};
