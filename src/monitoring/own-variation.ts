import {
  calibrateDrift,
  calibrationRows,
  type DriftCalibration,
  driftEvidence,
  driftStatistic,
  effectiveRows,
} from "./calibrated-drift.ts";
import type { DriftTest } from "./drift/drift-test.ts";
import { type FeatureSample, sampleRows } from "./reference.ts";

const MIN_WINDOWS = 8;
const MIN_ROWS = 30;

/**
 * How much more the reference's own windows (its weeks, say) differ from the whole than independent rows would: 1 = not more.
 * Rows of one week resemble each other (season, bursts, one large customer), so thresholds for independent rows would alarm every week.
 * The largest ratio of statistic to threshold among the reference's windows becomes the new yardstick: a window alarms when
 * it is stranger than any that the model was trained on. Below eight windows nothing is known: 1.
 */
export function ownVariation(input: {
  readonly test: DriftTest;
  readonly reference: FeatureSample;
  readonly windows: readonly FeatureSample[];
  readonly seed: number | string;
}): number {
  const { test, reference } = input;
  const large = input.windows.filter((window) => sampleRows(window) >= MIN_ROWS);
  if (large.length < MIN_WINDOWS) return 1;
  const calibrations = new Map<number, DriftCalibration>();
  let largest = 1;
  for (const window of large) {
    const rows = effectiveRows(sampleRows(window), sampleRows(reference));
    const size = calibrationRows(rows);
    const calibration = calibrations.get(size) ?? calibrateDrift(test, reference, size, input.seed);
    calibrations.set(size, calibration);
    const statistic = driftStatistic(test, reference, window) ?? 0;
    const { threshold } = driftEvidence(test, calibration, statistic, rows);
    if (threshold > 0) largest = Math.max(largest, statistic / threshold);
  }
  return largest;
}
