import { delong } from "../../stats/delong.ts";
import { normalQuantile } from "../../stats/distributions.ts";
import { wilson } from "../../stats/intervals.ts";
import { ascendingOrder } from "../../stats/ranks.ts";
import type { Metric } from "./metric.ts";

/** Area under the ROC curve: chance that a positive row scores above a negative one, ties half. 0.5 = no order, 1 = perfect (Hanley & McNeil 1982). */
export const auc: Metric = {
  name: "auc",
  title: "Area under the ROC curve",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) =>
    auc.evaluator!(scores, target)(weights ?? new Float64Array(target.length).fill(1)),

  evaluator(scores, target) {
    const { values } = scores;
    const order = ascendingOrder(values);
    // Per place in ascending order: is the row positive, and does a new group of equal scores begin?
    const positive = Uint8Array.from(order, (row) => target[row]!);
    const begins = Uint8Array.from(order, (row, i) =>
      i === 0 || values[row] !== values[order[i - 1]!] ? 1 : 0,
    );
    return (weights) => {
      let [won, below, positives, tiedPositive, tiedNegative] = [0, 0, 0, 0, 0];
      for (let i = 0; i < order.length; i++) {
        if (begins[i] === 1) {
          won += tiedPositive * (below + tiedNegative / 2);
          below += tiedNegative;
          positives += tiedPositive;
          tiedPositive = 0;
          tiedNegative = 0;
        }
        const weight = weights[order[i]!]!;
        if (positive[i] === 1) tiedPositive += weight;
        else tiedNegative += weight;
      }
      won += tiedPositive * (below + tiedNegative / 2);
      return won / ((positives + tiedPositive) * (below + tiedNegative));
    };
  },

  /** DeLong's variance on the logit scale, so that the interval stays in 0..1; Wilson on the rarer class when the order is perfect. */
  interval(scores, target) {
    const { auc: value, variance, positives, negatives } = delong(scores.values, target);
    const standardError = Math.sqrt(variance);
    if (value === 1 || value === 0) {
      const n = Math.min(positives, negatives);
      const { lower, upper } = wilson(value * n, n);
      return { lower, upper, standardError };
    }
    const logit = Math.log(value / (1 - value));
    const half = (normalQuantile(0.975) * standardError) / (value * (1 - value));
    const back = (x: number) => 1 / (1 + Math.exp(-x));
    return { lower: back(logit - half), upper: back(logit + half), standardError };
  },
};
