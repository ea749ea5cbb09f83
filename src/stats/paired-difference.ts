import type { Scores, Target, Task } from "../lib/task.ts";

/**
 * How much better the challenger was on each row, in [-1, 1]; NaN where the target is not known.
 * Binary: difference of squared errors of the probability. Multiclass: difference of Brier scores, halved. Regression:
 * (|e_champion| - |e_challenger|) / (|e_champion| + |e_challenger|), 0 when both are exact: a share, so that a few large errors
 * do not decide; it asks who is closer and by how much, row by row.
 */
export function pairedDifferences(
  task: Task,
  challenger: Scores,
  champion: Scores,
  target: Target,
): Float64Array {
  const out = new Float64Array(target.length);
  for (let i = 0; i < target.length; i++) {
    const y = target[i]!;
    if (task === "regression") {
      const a = Math.abs(champion.values[i]! - y);
      const b = Math.abs(challenger.values[i]! - y);
      out[i] = a + b === 0 ? 0 : (a - b) / (a + b);
    } else if (task === "binary")
      out[i] = (champion.values[i]! - y) ** 2 - (challenger.values[i]! - y) ** 2;
    else out[i] = (brierOfRow(champion, i, y) - brierOfRow(challenger, i, y)) / 2;
  }
  return out;
}

function brierOfRow({ values, width }: Scores, row: number, truth: number): number {
  if (Number.isNaN(truth)) return Number.NaN;
  let sum = 0;
  for (let k = 0; k < width; k++) sum += (values[row * width + k]! - (k === truth ? 1 : 0)) ** 2;
  return sum;
}
