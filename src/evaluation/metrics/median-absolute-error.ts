import { ascendingOrder } from "../../stats/ranks.ts";
import type { Metric } from "./metric.ts";

/** The error that half of the rows stay below, in the target's unit: not moved by a few large errors. */
export const medianAbsoluteError: Metric = {
  name: "median_absolute_error",
  title: "Median absolute error",
  tasks: ["regression"],
  better: "lower",
  unit: "target",
  compute: (scores, target, weights) =>
    medianAbsoluteError.evaluator!(
      scores,
      target,
    )(weights ?? new Float64Array(target.length).fill(1)),

  evaluator({ values }, target) {
    const errors = target.map((truth, i) => Math.abs(values[i]! - truth));
    const order = ascendingOrder(errors);
    return (weights) => {
      let total = 0;
      for (let i = 0; i < weights.length; i++) total += weights[i]!;
      // The middle of the two errors between which half of the weight lies, when it falls exactly between them.
      let below = 0;
      let lower = Number.NaN;
      for (const row of order) {
        if (weights[row] === 0) continue;
        if (!Number.isNaN(lower)) return (lower + errors[row]!) / 2;
        below += weights[row]!;
        if (below === total / 2) lower = errors[row]!;
        else if (below > total / 2) return errors[row]!;
      }
      return lower;
    };
  },
};
