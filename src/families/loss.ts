import type { Target, Task } from "../lib/task.ts";

/** Probabilities are not believed beyond: a single row must not decide. */
const SURE = 1e-4;

/** Log loss in nats (binary), squared error (regression) of each row. */
export function lossesOf(task: Task, scores: Float64Array, target: Target): Float64Array {
  if (task === "regression") return scores.map((value, i) => (value - target[i]!) ** 2);
  return scores.map((p, i) => {
    const said = target[i] === 1 ? p : 1 - p;
    return -Math.log(Math.min(1 - SURE, Math.max(SURE, said)));
  });
}

export interface Spread {
  readonly n: number;
  readonly mean: number;
  /** Of n - 1; 0 for fewer than two values. */
  readonly deviation: number;
}

export function spreadOf(values: ArrayLike<number>): Spread {
  const n = values.length;
  let [sum, squares] = [0, 0];
  for (let i = 0; i < n; i++) sum += values[i]!;
  const mean = n === 0 ? Number.NaN : sum / n;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { n, mean, deviation: n < 2 ? 0 : Math.sqrt(squares / (n - 1)) };
}
