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
  /** Mean excess over the 90th percentile: the exponential tail beyond it. */
  readonly tail: number;
}

const RESAMPLES = 1000;
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

/** Costs about 1,000 x (rows + points of the reference) steps: 20 to 120 ms. Deterministic for a seed. */
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
  return { test: test.name, rows, chance, tail: excess.length === 0 ? 0 : mean(excess) };
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
  /** Chance of a statistic at least as large without drift; beyond the drawn windows from the exponential tail, which errs to the safe side. */
  readonly p: number;
}

export function driftEvidence(
  test: DriftTest,
  calibration: DriftCalibration,
  statistic: number,
  rows: number,
): DriftEvidence {
  const scale = (calibration.rows / rows) ** test.shrinks;
  return {
    statistic,
    threshold: quantile(calibration.chance, 0.99) * scale,
    p: tailProbability(calibration, statistic / scale),
  };
}

function tailProbability({ chance, tail }: DriftCalibration, statistic: number): number {
  let atLeast = 0;
  while (atLeast < chance.length && chance[chance.length - 1 - atLeast]! >= statistic) atLeast += 1;
  if (atLeast >= 10) return (atLeast + 1) / (chance.length + 1);
  const start = quantile(chance, 0.9);
  // No spread beyond the 90th percentile (a constant column): anything larger is certain.
  if (tail === 0) return statistic > start ? 1e-12 : 1;
  return Math.max(1e-12, 0.1 * Math.exp(-(statistic - start) / tail));
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
