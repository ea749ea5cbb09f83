import type { Random } from "../lib/random.ts";
import type { Target } from "../lib/task.ts";
import { bootstrapReplicates } from "../stats/bootstrap.ts";
import { sampleRows } from "../training/sample-rows.ts";

/** Of more rows a sample is drawn from. */
const MOST_ROWS = 50_000;
/** Beyond so many draws fewer resamples, down to 400: an interval's own noise is then 5 % of its width. */
const MOST_DRAWS = 1e8;
/** So many rows of the rarest class are in it, if there are as many. */
const LEAST_OF_CLASS = 500;

/**
 * Bootstrap replicates of a metric, or of the difference of two. Above 50,000 rows they come from a sample of m of the n rows, and their
 * deviations from its own value are made smaller by sqrt(m / n) and put around `value` (the m out of n bootstrap; Bickel, Götze and van
 * Zwet 1997): for what becomes exact with the square root of the rows, as all metrics here, the same interval at a sixth of
 * the time (680,000 rows).
 */
export function resampled(options: {
  /** On all rows. */
  readonly value: number;
  readonly target: Target;
  /** The target's values are classes. */
  readonly classes: boolean;
  readonly resamples: number;
  readonly rng: Random;
  /** On these rows, as a function of how often each was drawn. */
  readonly statistic: (rows: Uint32Array | undefined) => (counts: Float64Array) => number;
}): Float64Array {
  const { value, target, rng, statistic } = options;
  const n = target.length;
  const most = options.classes ? Math.max(MOST_ROWS, rowsForRarest(target)) : MOST_ROWS;
  const affordable = Math.max(400, Math.floor(MOST_DRAWS / Math.min(n, most)));
  const resamples = Math.min(options.resamples, affordable);
  if (n <= most)
    return bootstrapReplicates({ rows: n, resamples, rng, statistic: statistic(undefined) });
  const all = new Uint32Array(n);
  for (let i = 0; i < n; i++) all[i] = i;
  const rows = sampleRows(all, most, rng.int(2 ** 31));
  const of = statistic(rows);
  const centre = of(new Float64Array(rows.length).fill(1));
  const shrink = Math.sqrt(rows.length / n);
  return bootstrapReplicates({ rows: rows.length, resamples, rng, statistic: of }).map(
    (replicate) => value + (replicate - centre) * shrink,
  );
}

function rowsForRarest(target: Target): number {
  const counts = new Map<number, number>();
  for (const value of target) counts.set(value, (counts.get(value) ?? 0) + 1);
  const share = Math.min(...counts.values()) / target.length;
  return Math.round(LEAST_OF_CLASS / share);
}
