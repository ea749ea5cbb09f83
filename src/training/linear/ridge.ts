import type { Target } from "../../lib/task.ts";
import { dot } from "./lbfgs.ts";
import { minimizeWithin, type Signs } from "./lbfgs-within.ts";
import type { LinearFit } from "./logistic.ts";
import type { Matrix } from "./matrix.ts";

export interface RidgeOptions {
  /** Strength of the penalty, as in scikit-learn: sum of squared errors + alpha |weights|^2. */
  readonly alpha: number;
  readonly rowWeights?: Float64Array | undefined;
  /** One a column: which sign its weight keeps. */
  readonly signs?: Signs | undefined;
  /** On the residual of the normal equations, relative to its start. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
  /** Called now and then; throws to stop. */
  stop?(): void;
}

/**
 * Ridge regression by conjugate gradients on the normal equations, preconditioned by their diagonal (Saad 2003, algorithm 9.1);
 * the intercept is not penalised: columns are centred on the fly. Where weights keep a sign: by projected L-BFGS, in units in which the
 * same diagonal is 1.
 */
export function ridge(matrix: Matrix, target: Target, options: RidgeOptions): LinearFit {
  const { rows, columns } = matrix;
  const weights = new Float64Array(columns);
  const rowWeight = options.rowWeights ?? new Float64Array(rows).fill(1);
  const total = rowWeight.reduce((sum, w) => sum + w, 0);
  const means = new Float64Array(columns);
  matrix.transposed(rowWeight, means);
  for (let j = 0; j < columns; j++) means[j]! /= total;
  const mean = target.reduce((sum, y, i) => sum + y * rowWeight[i]!, 0) / total;

  const fitted = new Float64Array(rows);
  /** out = Xc' W Xc v + alpha v, where Xc is the matrix less its column means. */
  const apply = (v: Float64Array, out: Float64Array) => {
    matrix.multiply(v, fitted);
    const shift = dot(means, v);
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      fitted[i] = (fitted[i]! - shift) * rowWeight[i]!;
      sum += fitted[i]!;
    }
    matrix.transposed(fitted, out);
    for (let j = 0; j < columns; j++) out[j]! += options.alpha * v[j]! - sum * means[j]!;
  };

  const residual = new Float64Array(columns);
  matrix.transposed(
    target.map((y, i) => (y - mean) * rowWeight[i]!),
    residual,
  );
  const inverse = diagonal(matrix, rowWeight, means).map((d) => 1 / (d + options.alpha));
  const scaled = residual.map((r, j) => r * inverse[j]!);
  const solved = ({ iterations, converged }: Pick<LinearFit, "iterations" | "converged">) => {
    const intercepts = Float64Array.of(mean - dot(means, weights));
    return { weights, intercepts, iterations, converged };
  };
  if (options.signs) {
    const unit = inverse.map(Math.sqrt);
    const quadratic = (u: Float64Array, gradient: Float64Array): number => {
      for (let j = 0; j < columns; j++) weights[j] = u[j]! * unit[j]!;
      apply(weights, gradient);
      let value = 0;
      for (let j = 0; j < columns; j++) {
        value += weights[j]! * (gradient[j]! / 2 - residual[j]!);
        gradient[j] = (gradient[j]! - residual[j]!) * unit[j]!;
      }
      return value;
    };
    const u = new Float64Array(columns);
    const found = minimizeWithin(quadratic, u, options.signs, {
      tolerance: (options.tolerance ?? 1e-10) * Math.sqrt(dot(residual, scaled)),
      maxIterations: options.maxIterations ?? 1000,
      ...(options.stop ? { stop: options.stop } : {}),
    });
    for (let j = 0; j < columns; j++) weights[j] = u[j]! * unit[j]!;
    return solved(found);
  }
  const direction = scaled.slice();
  const product = new Float64Array(columns);
  let energy = dot(residual, scaled);
  const goal = energy * (options.tolerance ?? 1e-10) ** 2;
  const maxIterations = options.maxIterations ?? 1000;
  let iterations = 0;
  while (energy > goal && energy > 0 && iterations < maxIterations) {
    options.stop?.();
    iterations++;
    apply(direction, product);
    const step = energy / dot(direction, product);
    for (let j = 0; j < columns; j++) {
      weights[j]! += step * direction[j]!;
      residual[j]! -= step * product[j]!;
      scaled[j] = residual[j]! * inverse[j]!;
    }
    const before = energy;
    energy = dot(residual, scaled);
    for (let j = 0; j < columns; j++) direction[j] = scaled[j]! + (energy / before) * direction[j]!;
  }
  return solved({ iterations, converged: energy <= goal || energy === 0 });
}

/** Diagonal of Xc' W Xc: weighted squares of the columns less their mean. */
function diagonal(matrix: Matrix, rowWeight: Float64Array, means: Float64Array): Float64Array {
  const squares = new Float64Array(matrix.columns);
  matrix.squares(rowWeight, squares);
  const total = rowWeight.reduce((sum, w) => sum + w, 0);
  return squares.map((s, j) => Math.max(s - total * means[j]! ** 2, 0));
}
