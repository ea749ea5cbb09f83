import type { Scores, Target, Task } from "../lib/task.ts";

/**
 * How wrong each row is, in [0, 1]; NaN where the target is not known. Binary: squared error of the probability. Multiclass:
 * Brier score, halved. Regression: |e| / (|e| + scale), so that a few large errors do not decide.
 * @param scale of an error, in the target's unit, above 0.
 */
export function rowLosses(task: Task, scores: Scores, target: Target, scale: number): Float64Array {
  const { values, width } = scores;
  return Float64Array.from(target, (y, i) => {
    if (Number.isNaN(y)) return Number.NaN;
    if (task === "binary") return (values[i]! - y) ** 2;
    if (task === "regression") {
      const error = Math.abs(values[i]! - y);
      return error === 0 ? 0 : error / (error + scale);
    }
    let sum = 0;
    for (let k = 0; k < width; k++) sum += (values[i * width + k]! - (k === y ? 1 : 0)) ** 2;
    return sum / 2;
  });
}
