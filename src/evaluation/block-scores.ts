import { random } from "../lib/random.ts";
import type { Scores, Target } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { takeScores } from "./known-rows.ts";
import type { Metric } from "./metrics/metric.ts";

/** Ten pairs can say "worse" with an error of 0.1 %; of fewer than 20 rows most metrics say nothing. */
const BLOCKS = 10;
const FEWEST_ROWS = 20;

/**
 * The metric on each of up to ten equal parts of the rows, dealt out class by class: two candidates judged on the same rows can be
 * compared part by part. The parts follow from (target, seed) alone. Empty below 100 rows; NaN where the metric is not defined.
 */
export function blockScores(
  metric: Metric,
  scores: Scores,
  target: Target,
  options: { readonly seed: number },
): number[] {
  const count = Math.min(BLOCKS, Math.floor(target.length / FEWEST_ROWS));
  if (count < BLOCKS / 2) return [];
  const classes = metric.tasks.includes("regression") ? undefined : target;
  const shuffled = random(options.seed).split("blocks").shuffle(Uint32Array.from(target.keys()));
  const dealt = classes ? shuffled.sort((a, b) => classes[a]! - classes[b]!) : shuffled;
  return Array.from({ length: count }, (_, b) => {
    const rows = dealt.filter((_, i) => i % count === b);
    return metric.compute(takeScores(scores, rows), valuesAt(target, rows));
  });
}
