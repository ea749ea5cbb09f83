import { populationStabilityIndex } from "../../stats/divergence.ts";
import type { CategoryDriftTest } from "./drift-test.ts";

/** Σ (q - p) ln(q / p), empty cells as 1e-4. Reported beside other tests for those who must report it; never raises an alarm. */
export const psi: CategoryDriftTest = {
  name: "psi",
  title: "Population stability index",
  type: "category",
  meaning:
    "Symmetrised information between the distributions, 0 upwards; by custom 0.1 is called moderate and 0.25 large, whatever the number of rows.",
  citation:
    "Yurdakul, B. (2018). Statistical properties of the population stability index. Western Michigan University.",
  shrinks: 1,
  statistic: populationStabilityIndex,
};
