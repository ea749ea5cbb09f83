import type { Target, Task } from "../lib/task.ts";
import type { TrainingSpec } from "../training/training-spec.ts";

/** Probabilities are not believed beyond: a single row must not decide. */
const SURE = 1e-4;

/** What rows are asked about, and what each class counts. Of a family the weights are numbers: the same for all members. */
export type Asked = { readonly task: Task } & Pick<TrainingSpec, "classWeights">;

/** Log loss in nats (binary), squared error (regression) of each row; where classes have weights, times that of the row's. */
export function lossesOf(asked: Asked, scores: Float64Array, target: Target): Float64Array {
  if (asked.task === "regression") return scores.map((value, i) => (value - target[i]!) ** 2);
  const weights = weightsOf(asked);
  return scores.map((p, i) => {
    const yes = target[i] === 1;
    const said = yes ? p : 1 - p;
    return -weights[yes ? 1 : 0] * Math.log(Math.min(1 - SURE, Math.max(SURE, said)));
  });
}

/** Of the two classes. */
export function weightsOf({ classWeights }: Asked): readonly [number, number] {
  if (classWeights === undefined || classWeights === "balanced") return [1, 1];
  return [classWeights[0]!, classWeights[1]!];
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
