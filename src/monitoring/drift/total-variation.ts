import { totalVariation } from "../../stats/divergence.ts";
import type { CategoryDriftTest } from "./drift-test.ts";

/** ½ Σ |p - q|. */
export const totalVariationDistance: CategoryDriftTest = {
  name: "total_variation",
  title: "Total variation distance",
  type: "category",
  meaning:
    "The share of rows that would have to change their value to make the distributions equal, 0 to 1.",
  citation: "Levin, D. A., Peres, Y. (2017). Markov Chains and Mixing Times, ch. 4.",
  shrinks: 0.5,
  statistic: totalVariation,
};
