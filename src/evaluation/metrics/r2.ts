import { weightedMean } from "../../stats/descriptive.ts";
import type { Metric } from "./metric.ts";

/** Share of the target's variance explained: 1 - Σ(y - p)² / Σ(y - ȳ)²; 0 = as good as the mean, below 0 = worse. NaN for a constant target. */
export const r2: Metric = {
  name: "r2",
  title: "R²",
  tasks: ["regression"],
  better: "higher",
  unit: "share",
  compute({ values }, target, weights) {
    const centre = weightedMean(target, weights);
    let errors = 0;
    let spread = 0;
    for (let i = 0; i < target.length; i++) {
      const w = weights === undefined ? 1 : weights[i]!;
      errors += w * (target[i]! - values[i]!) ** 2;
      spread += w * (target[i]! - centre) ** 2;
    }
    return spread > 0 ? 1 - errors / spread : Number.NaN;
  },
};
