import type { Random } from "../lib/random.ts";
import { quantile, variance } from "./descriptive.ts";
import { normalCdf, normalQuantile } from "./distributions.ts";
import type { Interval } from "./intervals.ts";

/** An interval with the standard deviation of the replicates behind it. */
export interface BootstrapInterval extends Interval {
  readonly standardError: number;
  /** Share of replicates at or below zero, at least 1 / (replicates + 1): one-sided evidence against "the truth is above zero". */
  readonly notAbove: number;
}

/** How often each of n rows is drawn when n are drawn with replacement (multinomial counts), written into `counts`. */
export function drawCounts(rng: Random, counts: Float64Array): void {
  const n = counts.length;
  counts.fill(0);
  for (let i = 0; i < n; i++) {
    const at = rng.int(n);
    counts[at] = counts[at]! + 1;
  }
}

/**
 * Replicates of a statistic under Efron's bootstrap. `statistic` gets the draw counts of the n rows as weights (reused
 * between calls) so that anything sorted once stays sorted: 20,000 rows x 2,000 resamples cost about 40 M draws.
 */
export function bootstrapReplicates(options: {
  readonly rows: number;
  readonly resamples: number;
  readonly rng: Random;
  readonly statistic: (counts: Float64Array) => number;
}): Float64Array {
  const counts = new Float64Array(options.rows);
  const replicates = new Float64Array(options.resamples);
  for (let b = 0; b < options.resamples; b++) {
    drawCounts(options.rng, counts);
    replicates[b] = options.statistic(counts);
  }
  return replicates;
}

/** Percentile interval. Replicates that are NaN (a resample with one class only, say) are left out. */
export function percentileInterval(
  value: number,
  replicates: Float64Array,
  confidence = 0.95,
): BootstrapInterval {
  const sorted = replicates.filter((r) => !Number.isNaN(r)).sort();
  const tail = (1 - confidence) / 2;
  return {
    value,
    lower: quantile(sorted, tail),
    upper: quantile(sorted, 1 - tail),
    ...spread(sorted),
  };
}

/**
 * Bias-corrected and accelerated interval (Efron 1987). `jackknife` holds the statistic with each row (or each group of
 * rows) left out; better than the percentile interval for skewed statistics of small samples.
 */
export function bcaInterval(
  value: number,
  replicates: Float64Array,
  jackknife: Float64Array,
  confidence = 0.95,
): BootstrapInterval {
  const sorted = replicates.filter((r) => !Number.isNaN(r)).sort();
  let below = 0;
  for (const r of sorted) below += r < value ? 1 : r === value ? 0.5 : 0;
  const bias = normalQuantile(
    Math.min(1 - 1e-9, Math.max(1e-9, below / Math.max(1, sorted.length))),
  );
  let centre = 0;
  for (const j of jackknife) centre += j / jackknife.length;
  let cubes = 0;
  let squares = 0;
  for (const j of jackknife) {
    cubes += (centre - j) ** 3;
    squares += (centre - j) ** 2;
  }
  const acceleration = squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
  const at = (p: number) => {
    const z = bias + normalQuantile(p);
    return quantile(sorted, normalCdf(bias + z / (1 - acceleration * z)));
  };
  const tail = (1 - confidence) / 2;
  return { value, lower: at(tail), upper: at(1 - tail), ...spread(sorted) };
}

function spread(sorted: Float64Array): { standardError: number; notAbove: number } {
  let notAbove = 0;
  while (notAbove < sorted.length && sorted[notAbove]! <= 0) notAbove += 1;
  return {
    standardError: Math.sqrt(variance(sorted)),
    notAbove: (notAbove + 1) / (sorted.length + 1),
  };
}
