import { weightedMean } from "../../stats/descriptive.ts";
import type { Metric } from "./metric.ts";

/** Mean -ln of the probability given to what happened; 0 = certain and right. Probabilities are cut at 1e-15. */
export const logLoss: Metric = {
  name: "log_loss",
  title: "Log loss",
  tasks: ["binary", "multiclass"],
  better: "lower",
  unit: "loss",
  compute: (scores, target, weights) => weightedMean(logLoss.perRow!(scores, target), weights),

  perRow: ({ values, width }, target) =>
    target.map((truth, i) => {
      const p =
        width === 1 ? (truth === 1 ? values[i]! : 1 - values[i]!) : values[i * width + truth]!;
      return -Math.log(Math.min(1, Math.max(1e-15, p)));
    }),
};
