import { z } from "zod";
import { MillwrightError } from "../../errors.ts";
import type { Target } from "../../lib/task.ts";
import type { Design } from "../encoding/encoding.ts";
import { emitLinear } from "../linear/emit.ts";
import { emitScores, scoresOf } from "../linear/link.ts";
import { type LinearFit, logistic } from "../linear/logistic.ts";
import { columnsOf, matrixOf } from "../linear/matrix.ts";
import { ridge } from "../linear/ridge.ts";
import { scaleOf, type TargetScale } from "../linear/target-scale.ts";
import { monotoneColumns } from "../monotone.ts";
import type { DataShape, FitInput, FittedModel, Trainer } from "../trainer.ts";
import { checkFit } from "../trees/check-fit.ts";

const params = z.object({
  /** Inverse strength of the penalty, as in scikit-learn: larger fits closer. For regression alpha = 1 / C. */
  C: z.number().positive().default(1),
  /** `balanced`: every class weighs the same, however rare. */
  classWeight: z.enum(["none", "balanced"]).default("none"),
  /** Regression: fit the logarithm, for amounts and counts. */
  target: z.enum(["plain", "log"]).default("plain"),
  tolerance: z.number().positive().default(1e-5),
  maxIterations: z.number().int().positive().default(500),
});
type LinearParams = z.output<typeof params>;

const TARGETS = { kind: "choice", values: ["plain", "log"] } as const;

/** Logistic regression (binary, multinomial) and ridge regression, L2-penalised, to convergence. */
export const linear: Trainer<LinearParams> = {
  name: "linear",
  title: "Linear model",
  style: "smooth",
  tasks: ["binary", "multiclass", "regression"],
  params,
  // A number is one column here, scaled, perhaps through a logarithm, and cut off far outside: it rises where the number does.
  monotone: true,
  portfolio,
  space: ({ task }) => ({
    dimensions: {
      C: { kind: "number", low: 1e-3, high: 1e3, log: true },
      ...(task === "regression" ? { target: TARGETS } : {}),
    },
  }),
  fit,
};

function portfolio({ task, bagFeatures, width }: DataShape): LinearParams[] {
  if (task === "regression")
    return [
      params.parse({ C: 1 }),
      params.parse({ C: 1, target: "log" }),
      params.parse({ C: 0.05 }),
    ];
  // Texts are long and thin: each row has length 1, so that weights must be large.
  const textual = bagFeatures > 20 * (width + 10);
  return (textual ? [1, 10, 100] : [0.05, 1]).map((C) => params.parse({ C }));
}

function fit(input: FitInput<LinearParams>): FittedModel {
  const { design, target, task, classes, params: given, signal } = input;
  // The ids of bags are columns too.
  checkFit({ ...input, design: { ...design, width: columnsOf(design) } });
  const matrix = matrixOf(design);
  const rowWeights = weightsOf(input);
  const { tolerance, maxIterations } = given;
  const signs = signsOf(input);
  const stop = () => {
    if (signal?.aborted) throw new MillwrightError("cancelled", "training stopped: cancelled");
  };
  if (task !== "regression") {
    const outputs = task === "binary" ? 1 : classes;
    const options = { C: given.C, rowWeights, signs, tolerance, maxIterations, stop };
    return linearModel(design, logistic(matrix, target, outputs, options), task, undefined);
  }
  const scale = scaleOf(target, given.target, input.weights);
  const options = {
    alpha: 1 / given.C,
    rowWeights,
    signs,
    tolerance: tolerance / 100,
    maxIterations,
    stop,
  };
  const solution = ridge(matrix, scale.scaled, options);
  return linearModel(design, solution, task, scale);
}

/** One a column of the matrix; undefined where nothing is asked for. */
function signsOf(input: FitInput<LinearParams>): Int8Array | undefined {
  const monotone = monotoneColumns(input, input.monotone ?? {});
  if (monotone.size === 0) return undefined;
  const signs = new Int8Array(columnsOf(input.design));
  for (const [column, sign] of monotone) signs[column] = sign;
  return signs;
}

function weightsOf({ task, classes, target, weights, params: given }: FitInput<LinearParams>) {
  if (task === "regression" || given.classWeight === "none") return weights;
  const counts = new Float64Array(classes);
  target.forEach((y, i) => {
    counts[y]! += weights?.[i] ?? 1;
  });
  const total = counts.reduce((sum, n) => sum + n, 0);
  return target.map((y, i) => ((weights?.[i] ?? 1) * total) / (classes * counts[y]!));
}

/** A solved linear model. `design`: its features, by name. */
export function linearModel(
  design: Design,
  solution: LinearFit,
  task: FitInput<unknown>["task"],
  scale: TargetScale | undefined,
): FittedModel {
  const { weights, intercepts, iterations, converged } = solution;
  const outputs = intercepts.length;
  const columns = columnsOf(design);
  const of = (k: number) => weights.subarray(k * columns, (k + 1) * columns);
  const largest = Array.from({ length: design.width }, (_, j) => j)
    .sort((a, b) => Math.abs(of(0)[b]!) - Math.abs(of(0)[a]!))
    .slice(0, 20);
  return {
    complexity: weights.reduce((n, w) => n + Number(w !== 0), outputs),
    summary: {
      iterations,
      converged,
      coefficients: Object.fromEntries(largest.map((j) => [design.names[j]!, of(0)[j]!])),
    },
    predict(rows) {
      return scoresOf(marginsOf(rows, solution), outputs, task, scale);
    },
    emit(graph, emitted) {
      const margins = emitLinear(graph, emitted, weights, intercepts);
      return emitScores(graph, margins, task, scale);
    },
    importance: (rows) => importanceOf(rows, solution),
  };
}

/** rows x outputs. */
function marginsOf(design: Design, { weights, intercepts }: LinearFit): Float64Array {
  const outputs = intercepts.length;
  const matrix = matrixOf(design);
  const column = new Float64Array(design.rows);
  const margins = new Float64Array(design.rows * outputs);
  for (let k = 0; k < outputs; k++) {
    matrix.multiply(weights.subarray(k * matrix.columns, (k + 1) * matrix.columns), column);
    for (let i = 0; i < design.rows; i++) margins[i * outputs + k] = column[i]! + intercepts[k]!;
  }
  return margins;
}

/** The deviation over the rows of what a column or bag adds to the margin, as a share of the sum of all. */
function importanceOf(design: Design, { weights, intercepts }: LinearFit): Map<string, number> {
  const outputs = intercepts.length;
  const columns = columnsOf(design);
  const result = new Map<string, number>();
  const add = (name: string, contribution: (i: number, k: number) => number) => {
    for (let k = 0; k < outputs; k++) {
      const values = Float64Array.from({ length: design.rows }, (_, i) => contribution(i, k));
      result.set(name, (result.get(name) ?? 0) + deviation(values));
    }
  };
  design.names.forEach((name, j) => {
    add(name, (i, k) => design.dense[i * design.width + j]! * weights[k * columns + j]!);
  });
  let first = design.width;
  for (const { name, size, offsets, ids, values } of design.bags) {
    const from = first;
    add(name, (i, k) => {
      let sum = 0;
      for (let p = offsets[i]!; p < offsets[i + 1]!; p++)
        sum += values[p]! * weights[k * columns + from + ids[p]!]!;
      return sum;
    });
    first += size;
  }
  const total = [...result.values()].reduce((sum, v) => sum + v, 0);
  return new Map([...result].map(([name, v]) => [name, total > 0 ? v / total : 1 / result.size]));
}

function deviation(values: Target): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}
