import type { Metric } from "./metric.ts";

/**
 * Mean absolute percentage error, as a share. Rows whose target is 0 have no percentage and are left out (scikit-learn divides
 * them by 2e-16 instead, which drowns all others); NaN when all are 0.
 */
export const mape: Metric = {
  name: "mape",
  title: "Mean absolute percentage error",
  tasks: ["regression"],
  better: "lower",
  unit: "share",
  compute({ values }, target, weights) {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < target.length; i++) {
      if (target[i] === 0) continue;
      const w = weights === undefined ? 1 : weights[i]!;
      sum += w * Math.abs((values[i]! - target[i]!) / target[i]!);
      total += w;
    }
    return sum / total;
  },
};
