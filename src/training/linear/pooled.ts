import type { Target, Task } from "../../lib/task.ts";
import type { Design } from "../encoding/encoding.ts";
import type { FittedModel } from "../trainer.ts";
import { linearModel } from "../trainers/linear.ts";
import { type LinearFit, logistic } from "./logistic.ts";
import { columnsOf, matrixOf } from "./matrix.ts";
import { ridge } from "./ridge.ts";
import type { TargetScale } from "./target-scale.ts";

/** A linear model of one output: weights as in `matrixOf`, then the intercept; in the target's own unit. */
export type Coefficients = Float64Array;

/**
 * A linear model drawn to another one (partial pooling: Gelman & Hill 2006, 12; the mode under a normal prior around `prior`).
 * Binary: log loss; regression: squared error of what the prior leaves over, its intercept free. Without a prior, drawn to 0.
 * @param strength of the pull: 1 / C of `logistic`, alpha of `ridge`.
 */
export function fitPooled(
  task: Exclude<Task, "multiclass">,
  design: Design,
  target: Target,
  options: {
    readonly prior: Coefficients | undefined;
    readonly strength: number;
    /** Of the solution; members are many, and a member's rows few. */
    readonly tolerance?: number;
    /** Binary. */
    readonly rowWeights?: Float64Array;
  },
): Coefficients {
  const matrix = matrixOf(design);
  const { columns } = matrix;
  const { strength, tolerance = 1e-4 } = options;
  const prior = options.prior ?? new Float64Array(columns + 1);
  if (task === "regression") {
    const before = marginsOf(design, prior);
    const rest = target.map((y, i) => y - before[i]!);
    const moved = ridge(matrix, rest, {
      alpha: strength,
      tolerance: tolerance / 100,
      maxIterations: 200,
    });
    return prior.map((w, j) => w + (j < columns ? moved.weights[j]! : moved.intercepts[0]!));
  }
  const { weights, intercepts } = logistic(matrix, target, 1, {
    C: 1 / strength,
    tolerance,
    maxIterations: 200,
    ...(options.prior ? { prior: linearOf(prior) } : {}),
    ...(options.rowWeights ? { rowWeights: options.rowWeights } : {}),
  });
  const fitted = new Float64Array(columns + 1);
  fitted.set(weights);
  fitted[columns] = intercepts[0]!;
  return fitted;
}

const linearOf = (of: Coefficients): LinearFit => ({
  weights: of.subarray(0, of.length - 1),
  intercepts: of.subarray(of.length - 1),
  ...{ iterations: 0, converged: true },
});

/** As a model that can be asked and written. `design`: its features, by name. */
export const pooledModel = (
  task: Exclude<Task, "multiclass">,
  of: Coefficients,
  design: Design,
): FittedModel =>
  linearModel(design, linearOf(of), task, task === "regression" ? OWN_UNIT : undefined);

const OWN_UNIT: TargetScale = {
  ...{ mean: 0, deviation: 1, log: false },
  scaled: new Float64Array(),
  scale: (y) => y,
};

/** The linear predictor of each row. */
export function marginsOf(design: Design, of: Coefficients): Float64Array {
  const margins = new Float64Array(design.rows);
  matrixOf(design).multiply(of.subarray(0, columnsOf(design)), margins);
  const intercept = of[of.length - 1]!;
  return margins.map((margin) => margin + intercept);
}
