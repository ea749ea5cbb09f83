import { variance, weightedMean } from "../../stats/descriptive.ts";
import { wilson } from "../../stats/intervals.ts";
import { predictedClass } from "../confusion.ts";
import type { Metric } from "./metric.ts";

/** Share of rows whose class was said right. */
export const accuracy: Metric = {
  name: "accuracy",
  title: "Accuracy",
  tasks: ["binary", "multiclass"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => weightedMean(accuracy.perRow!(scores, target), weights),
  perRow: (scores, target) =>
    target.map((truth, i) => (predictedClass(scores, i) === truth ? 1 : 0)),

  interval(scores, target) {
    const right = accuracy.perRow!(scores, target);
    const n = target.length;
    const { lower, upper } = wilson(
      right.reduce((sum, r) => sum + r, 0),
      n,
    );
    return { lower, upper, standardError: Math.sqrt(variance(right) / n) };
  },
};
