import { ksDistance } from "../../stats/empirical.ts";
import type { NumberDriftTest } from "./drift-test.ts";

/** max |F_reference(x) - F_current(x)|. Constant columns that stay constant give 0, that move give 1. */
export const ks: NumberDriftTest = {
  name: "ks",
  title: "Kolmogorov–Smirnov distance",
  type: "number",
  meaning:
    "The largest gap between the two shares at or below any value, 0 to 1; does not depend on the unit.",
  citation:
    "Smirnov, N. (1948). Table for estimating the goodness of fit of empirical distributions. Annals of Mathematical Statistics 19.",
  shrinks: 0.5,
  statistic: ksDistance,
};
