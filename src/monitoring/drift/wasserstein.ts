import {
  type Empirical,
  empiricalMoments,
  empiricalQuantile,
  wassersteinDistance,
} from "../../stats/empirical.ts";
import type { NumberDriftTest } from "./drift-test.ts";

/** ∫ |F_reference - F_current| dx in robust standard deviations of the reference. A constant reference counts in its own size, or 1. */
export const wasserstein: NumberDriftTest = {
  name: "wasserstein",
  title: "Wasserstein distance",
  type: "number",
  meaning:
    "How far values have to move on average to turn one distribution into the other, in standard deviations of the reference.",
  citation:
    "Ramdas, A., García Trillos, N., Cuturi, M. (2017). On Wasserstein two-sample testing. Entropy 19(2).",
  shrinks: 0.5,
  statistic: (reference, current) =>
    wassersteinDistance(reference, current) / robustScale(reference),
};

/** The smaller of the standard deviation and the interquartile range / 1.349 (equal for normal data): a few huge values do not hide a shift of all others. */
function robustScale(e: Empirical): number {
  const { mean, sd } = empiricalMoments(e);
  const spread = (empiricalQuantile(e, 0.75) - empiricalQuantile(e, 0.25)) / 1.349;
  if (spread > 0) return Math.min(sd, spread);
  return sd > 0 ? sd : Math.abs(mean) || 1;
}
