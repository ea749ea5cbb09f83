import type { Scores, Target } from "../lib/task.ts";

/** Class said by a row of scores: binary 1 at probability >= 0.5, multiclass the most probable (the first of equals). */
export function predictedClass({ values, width }: Scores, row: number): number {
  if (width === 1) return values[row]! >= 0.5 ? 1 : 0;
  let best = 0;
  for (let k = 1; k < width; k++)
    if (values[row * width + k]! > values[row * width + best]!) best = k;
  return best;
}

export const classCount = (scores: Scores): number => (scores.width === 1 ? 2 : scores.width);

/** counts[truth * classes + said], weighted. */
export function confusionCounts(
  scores: Scores,
  target: Target,
  weights?: Float64Array,
): Float64Array {
  const classes = classCount(scores);
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < target.length; i++) {
    const cell = target[i]! * classes + predictedClass(scores, i);
    counts[cell] = counts[cell]! + (weights === undefined ? 1 : weights[i]!);
  }
  return counts;
}

/** Confusion counts for many weightings: the cell of each row is found once. */
export function confusionEvaluator(
  scores: Scores,
  target: Target,
  of: (counts: Float64Array) => number,
): (weights: Float64Array) => number {
  const classes = classCount(scores);
  const cells = Uint32Array.from(target, (t, i) => t * classes + predictedClass(scores, i));
  const counts = new Float64Array(classes * classes);
  return (weights) => {
    counts.fill(0);
    for (let i = 0; i < cells.length; i++) counts[cells[i]!] = counts[cells[i]!]! + weights[i]!;
    return of(counts);
  };
}
