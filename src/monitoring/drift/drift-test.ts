import type { Empirical } from "../../stats/empirical.ts";

/**
 * One way to measure how far a window of a feature is from its reference. To add one: a file here, a line in `all.ts`, and the
 * contract suite `src/testing/drift-contract.ts` in its test. A drift test measures; when the distance is too large is not its
 * business: calibrated-drift finds the threshold by resampling the reference at the window's size.
 * Every statistic is 0 for equal distributions, never negative, and grows with the difference.
 */
export type DriftTest = NumberDriftTest | CategoryDriftTest;

export interface NumberDriftTest extends DriftTestFacts {
  readonly type: "number";
  /** Both without missing values and not empty. */
  statistic(reference: Empirical, current: Empirical): number;
}

export interface CategoryDriftTest extends DriftTestFacts {
  readonly type: "category";
  /** Counts over the same cells, in the same order; neither empty. */
  statistic(reference: ArrayLike<number>, current: ArrayLike<number>): number;
}

interface DriftTestFacts {
  /** Short and stable: stored with results. */
  readonly name: string;
  readonly title: string;
  /** What the number is and what larger means, in one sentence. */
  readonly meaning: string;
  readonly citation: string;
  /** Without drift the statistic falls as rows^-shrinks: lets one calibration serve windows of nearby sizes. */
  readonly shrinks: 0 | 0.5 | 1;
}
