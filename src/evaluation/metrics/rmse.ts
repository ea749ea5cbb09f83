import { weightedMean } from "../../stats/descriptive.ts";
import type { Metric } from "./metric.ts";

/** Root of the mean squared error, in the target's unit: large errors weigh more than in the mean absolute error. */
export const rmse: Metric = {
  name: "rmse",
  title: "Root mean squared error",
  tasks: ["regression"],
  better: "lower",
  unit: "target",
  compute: (scores, target, weights) =>
    Math.sqrt(weightedMean(squares(scores.values, target), weights)),
  evaluator({ values }, target) {
    const errors = squares(values, target);
    return (weights) => Math.sqrt(weightedMean(errors, weights));
  },
};

const squares = (values: Float64Array, target: Float64Array): Float64Array =>
  target.map((truth, i) => (values[i]! - truth) ** 2);
