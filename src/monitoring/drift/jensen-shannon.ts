import { jensenShannonDistance } from "../../stats/divergence.ts";
import type { CategoryDriftTest } from "./drift-test.ts";

/** sqrt(½ KL(p ‖ m) + ½ KL(q ‖ m)), m the average, base 2. Cells empty on one side are no problem. */
export const jensenShannon: CategoryDriftTest = {
  name: "jensen_shannon",
  title: "Jensen–Shannon distance",
  type: "category",
  meaning:
    "Distance of the two distributions of values, 0 (equal) to 1 (nothing in common); notices rare values more than total variation does.",
  citation:
    "Endres, D. M., Schindelin, J. E. (2003). A new metric for probability distributions. IEEE Trans. Information Theory 49.",
  shrinks: 0.5,
  statistic: jensenShannonDistance,
};
