import { type Random, random } from "../lib/random.ts";
import { mean, quantile } from "../stats/descriptive.ts";
import { empiricalMass, empiricalOfCounts } from "../stats/empirical.ts";
import { weightedDraw } from "../stats/weighted-draw.ts";
import type { DriftTest } from "./drift/drift-test.ts";
import { type FeatureSample, sampleRows } from "./reference.ts";

/**
 * How large a statistic gets on a window of a given size when nothing has drifted: found by drawing windows from the reference
 * itself. Fixed thresholds cannot work: a window of 100 rows crosses "0.1" by chance (71 % of the time, measured), one of 2,000
 * hides real change below it.
 */
export interface DriftCalibration {
  readonly test: string;
  /** Effective rows of the drawn windows. */
  readonly rows: number;
  /** Statistics of the drawn windows, ascending. */
  readonly chance: Float64Array;
  /** The 90th percentile, and the mean excess over it: the exponential tail beyond. */
  readonly start: number;
  readonly tail: number;
}

/** The 99th percentile comes from the fitted tail, so 400 draws know it as well as 1,000 counted ones. */
const RESAMPLES = 400;
/** Above this many rows the statistic falls as its `shrinks` says, to within the noise of the calibration. */
const LARGEST = 4000;
const SMALLEST = 50;

/**
 * A window of n rows against a reference of N rows varies like a window of nN / (n + N) rows against a reference known
 * exactly: both are samples.
 */
export const effectiveRows = (windowRows: number, referenceRows: number): number =>
  (windowRows * referenceRows) / (windowRows + referenceRows);

/** The size to calibrate at for windows of so many effective rows: steps of 1.5 up to 4,000, so that calibrations can be cached by (feature, size). */
export function calibrationRows(rows: number): number {
  const clamped = Math.min(LARGEST, Math.max(SMALLEST, rows));
  const step = Math.round(Math.log(clamped / SMALLEST) / Math.log(1.5));
  return Math.min(LARGEST, Math.round(SMALLEST * 1.5 ** step));
}

/** Costs about 400 x (rows + points of the reference) steps: 15 to 65 ms. Deterministic for a seed. */
export function calibrateDrift(
  test: DriftTest,
  reference: FeatureSample,
  rows: number,
  seed: number | string,
): DriftCalibration {
  const rng = random(seed).split(`${test.name}/${rows}`);
  const draw = statisticOfDraw(test, reference, rows, rng);
  const chance = Float64Array.from({ length: RESAMPLES }, draw).sort();
  const start = quantile(chance, 0.9);
  const excess = chance.filter((s) => s > start).map((s) => s - start);
  return { test: test.name, rows, chance, start, tail: excess.length === 0 ? 0 : mean(excess) };
}

function statisticOfDraw(
  test: DriftTest,
  reference: FeatureSample,
  rows: number,
  rng: Random,
): () => number {
  if (test.type === "number" && reference.type === "number") {
    const { distribution } = reference;
    const draw = weightedDraw(empiricalMass(distribution));
    return () =>
      test.statistic(distribution, empiricalOfCounts(distribution, draw.counts(rows, rng)));
  }
  if (test.type === "category" && reference.type === "category") {
    const draw = weightedDraw(reference.counts);
    return () => test.statistic(reference.counts, draw.counts(rows, rng));
  }
  throw new TypeError(`drift test ${test.name} does not measure ${reference.type} features`);
}

/** Is this statistic more than chance, for a window of `rows` effective rows? */
export interface DriftEvidence {
  readonly statistic: number;
  /** 99th percentile of chance. */
  readonly threshold: number;
  /** Chance of a statistic at least as large without drift. */
  readonly p: number;
}

/**
 * @param inflation how much more the reference's own windows vary than independent rows would (own-variation.ts); 1 = not more.
 */
export function driftEvidence(
  test: DriftTest,
  calibration: DriftCalibration,
  statistic: number,
  rows: number,
  inflation = 1,
): DriftEvidence {
  const scale = (calibration.rows / rows) ** test.shrinks * inflation;
  return {
    statistic,
    threshold: (calibration.start + calibration.tail * Math.LN10) * scale,
    p: tailProbability(calibration, statistic / scale),
  };
}

/** Counted up to the 90th percentile, exponential beyond: distances of samples have lighter tails, so this errs to the safe side. */
function tailProbability({ chance, start, tail }: DriftCalibration, statistic: number): number {
  if (statistic <= start) {
    let below = 0;
    while (below < chance.length && chance[below]! < statistic) below += 1;
    return (chance.length - below + 1) / (chance.length + 1);
  }
  // No spread beyond the 90th percentile (a constant column): anything larger is certain.
  return tail === 0 ? 1e-12 : Math.max(1e-12, 0.1 * Math.exp(-(statistic - start) / tail));
}

/** The statistic of a window, or undefined when test and samples are of different types. */
export function driftStatistic(
  test: DriftTest,
  reference: FeatureSample,
  window: FeatureSample,
): number | undefined {
  if (sampleRows(window) === 0) return undefined;
  if (test.type === "number" && reference.type === "number" && window.type === "number")
    return test.statistic(reference.distribution, window.distribution);
  if (test.type === "category" && reference.type === "category" && window.type === "category")
    return test.statistic(reference.counts, window.counts);
  return undefined;
}
