import { calibrationBins, calibrationError } from "../calibration.ts";
import type { Metric } from "./metric.ts";

/** Expected calibration error over ten bins: how far promised probabilities are from what happens; 0 = honest. Biased upwards on few rows. */
export const ece: Metric = {
  name: "ece",
  title: "Expected calibration error",
  tasks: ["binary"],
  better: "lower",
  unit: "share",
  compute: (scores, target, weights) => calibrationError(calibrationBins(scores, target, weights)),
};
