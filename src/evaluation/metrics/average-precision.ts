import { ascendingOrder } from "../../stats/ranks.ts";
import type { Metric } from "./metric.ts";

/**
 * Average precision: Σ (recall gained) x precision over falling thresholds, ties taken together (scikit-learn). The share of
 * positives is what a random order reaches, so it tells more than AUC when positives are rare.
 */
export const averagePrecision: Metric = {
  name: "average_precision",
  title: "Average precision",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) =>
    averagePrecision.evaluator!(scores, target)(weights ?? new Float64Array(target.length).fill(1)),

  evaluator({ values }, target) {
    const order = ascendingOrder(values).reverse();
    const positive = Uint8Array.from(order, (row) => target[row]!);
    const ends = Uint8Array.from(order, (row, i) =>
      i + 1 === order.length || values[row] !== values[order[i + 1]!] ? 1 : 0,
    );
    return (weights) => {
      let [sum, positives, seen, gained] = [0, 0, 0, 0];
      for (let i = 0; i < order.length; i++) {
        const weight = weights[order[i]!]!;
        seen += weight;
        if (positive[i] === 1) gained += weight;
        if (ends[i] === 0 || gained === 0) continue;
        positives += gained;
        sum += gained * (positives / seen);
        gained = 0;
      }
      return positives === 0 ? Number.NaN : sum / positives;
    };
  },
};
