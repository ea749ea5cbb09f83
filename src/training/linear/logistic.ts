import type { Target } from "../../lib/task.ts";
import { type Minimum, minimize } from "./lbfgs.ts";
import { minimizeWithin, type Signs } from "./lbfgs-within.ts";
import type { Matrix } from "./matrix.ts";

export interface LinearFit extends Omit<Minimum, "value"> {
  /** outputs x columns. */
  readonly weights: Float64Array;
  /** One an output. */
  readonly intercepts: Float64Array;
}

export interface LogisticOptions {
  /** Inverse strength of the penalty, as in scikit-learn: C x sum of losses + |weights|^2 / 2. */
  readonly C: number;
  readonly rowWeights?: Float64Array | undefined;
  /** The penalty draws weights and intercepts to these, instead of weights to 0: the mode under a normal prior of variance C. */
  readonly prior?: Pick<LinearFit, "weights" | "intercepts"> | undefined;
  /** One a column: which sign its weights keep, in every output. */
  readonly signs?: Signs | undefined;
  /** On the largest component of the gradient of the mean loss. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
  /** Called now and then; throws to stop. */
  stop?(): void;
}

/**
 * Penalised logistic regression, binary (one output, target 0/1) or multinomial (one output a class, target the index), to
 * convergence; without a prior intercepts are not penalised. Minimises sum(w loss) / sum(w) + |weights - prior|^2 / (2 C sum(w)).
 */
export function logistic(
  matrix: Matrix,
  target: Target,
  outputs: number,
  options: LogisticOptions,
): LinearFit {
  const { rows, columns } = matrix;
  const rowWeight = options.rowWeights;
  let total = rows;
  if (rowWeight) total = rowWeight.reduce((sum, w) => sum + w, 0);
  const penalty = 1 / (options.C * total);
  const margins = Array.from({ length: outputs }, () => new Float64Array(rows));
  const lossOf = outputs === 1 ? binaryLoss : multinomialLoss;
  const stride = columns + 1;
  const x = new Float64Array(outputs * stride);
  const { prior } = options;
  if (prior)
    for (let k = 0; k < outputs; k++) {
      x.set(prior.weights.subarray(k * columns, (k + 1) * columns), k * stride);
      x[k * stride + columns] = prior.intercepts[k]!;
    }
  const drawnTo = x.slice();

  const objective = (at: Float64Array, gradient: Float64Array): number => {
    margins.forEach((margin, k) => {
      matrix.multiply(at.subarray(k * stride, k * stride + columns), margin);
      const intercept = at[k * stride + columns]!;
      for (let i = 0; i < rows; i++) margin[i]! += intercept;
    });
    // Margins become residuals: the derivative of the mean loss.
    let value = lossOf(margins, target, rowWeight, total);
    margins.forEach((residuals, k) => {
      const part = gradient.subarray(k * stride, k * stride + columns);
      matrix.transposed(residuals, part);
      let squares = 0;
      for (let j = 0; j < columns; j++) {
        const w = at[k * stride + j]! - drawnTo[k * stride + j]!;
        part[j]! += penalty * w;
        squares += w * w;
      }
      const last = k * stride + columns;
      const moved = prior ? at[last]! - drawnTo[last]! : 0;
      value += (penalty * (squares + moved * moved)) / 2;
      let sum = penalty * moved;
      for (let i = 0; i < rows; i++) sum += residuals[i]!;
      gradient[last] = sum;
    });
    return value;
  };

  const limits = {
    tolerance: options.tolerance ?? 1e-5,
    maxIterations: options.maxIterations ?? 500,
    ...(options.stop ? { stop: options.stop } : {}),
  };
  const signs = new Int8Array(x.length);
  if (options.signs) for (let k = 0; k < outputs; k++) signs.set(options.signs, k * stride);
  const { iterations, converged } = options.signs
    ? minimizeWithin(objective, x, signs, limits)
    : minimize(objective, x, limits);
  const weights = new Float64Array(outputs * columns);
  const intercepts = new Float64Array(outputs);
  for (let k = 0; k < outputs; k++) {
    weights.set(x.subarray(k * stride, k * stride + columns), k * columns);
    intercepts[k] = x[k * stride + columns]!;
  }
  return { weights, intercepts, iterations, converged };
}

function binaryLoss(
  [margin]: readonly Float64Array[],
  target: Target,
  weights: Float64Array | undefined,
  total: number,
): number {
  let loss = 0;
  for (let i = 0; i < target.length; i++) {
    const m = margin![i]!;
    const w = (weights?.[i] ?? 1) / total;
    // log(1 + e^m) - y m, without overflow.
    const e = Math.exp(-Math.abs(m));
    loss += w * (Math.log1p(e) + Math.max(m, 0) - target[i]! * m);
    const p = m >= 0 ? 1 / (1 + e) : e / (1 + e);
    margin![i] = w * (p - target[i]!);
  }
  return loss;
}

function multinomialLoss(
  margins: readonly Float64Array[],
  target: Target,
  weights: Float64Array | undefined,
  total: number,
): number {
  let loss = 0;
  for (let i = 0; i < target.length; i++) {
    const w = (weights?.[i] ?? 1) / total;
    let top = Number.NEGATIVE_INFINITY;
    for (const margin of margins) top = Math.max(top, margin[i]!);
    let sum = 0;
    for (const margin of margins) sum += Math.exp(margin[i]! - top);
    loss += w * (Math.log(sum) + top - margins[target[i]!]![i]!);
    margins.forEach((margin, k) => {
      margin[i] = w * (Math.exp(margin[i]! - top) / sum - Number(target[i] === k));
    });
  }
  return loss;
}
