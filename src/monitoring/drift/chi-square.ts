import { chiSquareTest } from "../../stats/hypothesis.ts";
import type { CategoryDriftTest } from "./drift-test.ts";

/** Pearson's statistic of the 2 x cells table of counts. Cells empty on both sides are left out. */
export const chiSquare: CategoryDriftTest = {
  name: "chi_square",
  title: "Chi-square",
  type: "category",
  meaning:
    "Squared differences of counts from what equal shares would give, relative to those; grows with the rows for the same difference of shares.",
  citation:
    "Pearson, K. (1900). On the criterion that a given system of deviations from the probable... Philosophical Magazine 50.",
  shrinks: 0,
  statistic: (reference, current) => chiSquareTest([reference, current]).statistic,
};
