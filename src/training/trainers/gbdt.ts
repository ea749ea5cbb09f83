import { z } from "zod";
import type { Scores } from "../../lib/task.ts";
import { valuesAt } from "../../lib/values-at.ts";
import { monotoneColumns } from "../monotone.ts";
import type { DataShape, FitInput, FittedModel, Trainer } from "../trainer.ts";
import { type Boosted, type BoostInput, boost } from "../trees/boost.ts";
import { checkFit } from "../trees/check-fit.ts";
import { emitBothClasses, emitTrees } from "../trees/emit-trees.ts";
import { addTrees } from "../trees/ensemble.ts";
import { denseRows, holdOut } from "../trees/hold-out.ts";
import { gainImportance, leafCount } from "../trees/importance.ts";
import { classification, type Objective, regression } from "../trees/objective.ts";

const params = z.object({
  /** Trees (multiclass: rounds of one tree a class); at most this many when `patience` is set. */
  rounds: z.number().int().min(1).max(10_000).default(400),
  /** Rounds without progress on held-out rows before stopping; 0 trains exactly `rounds`. */
  patience: z.number().int().min(0).default(30),
  learningRate: z.number().positive().max(1).default(0.1),
  maxDepth: z.number().int().min(1).max(16).default(6),
  /** L2 penalty on leaf values. */
  lambda: z.number().min(0).default(1),
  /** Least sum of hessians in a leaf: rows for regression, rows x p (1 - p) for classes. */
  minChildWeight: z.number().min(0).default(1),
  /** Least loss reduction of a split. */
  minGain: z.number().min(0).default(0),
  /** Share of rows, of columns, drawn for each tree. */
  rowSample: z.number().positive().max(1).default(1),
  columnSample: z.number().positive().max(1).default(1),
  maxBins: z.number().int().min(2).max(255).default(255),
  /** Columns the score must not fall (1) or rise (-1) with, others the same; not for multiclass. */
  monotone: z.record(z.string(), z.union([z.literal(-1), z.literal(0), z.literal(1)])).default({}),
  /** Regression only. */
  loss: z.enum(["squared", "absolute", "huber"]).default("squared"),
});
type Params = z.infer<typeof params>;

const LOSSES = { kind: "choice", values: ["squared", "absolute", "huber"] } as const;
const HELD_OUT = 0.15;
/** With fewer watched rows than this, stopping early is a lottery. */
const MIN_WATCHED = 20;
/** Rounds when rounds are free but there is nothing to watch. */
const UNWATCHED_ROUNDS = 50;

/** Gradient-boosted trees on 255-bin histograms. Leaves missing values to the side that lowers the loss. */
export const gbdt: Trainer<Params> = {
  name: "gbdt",
  title: "Gradient-boosted trees",
  style: "tree",
  tasks: ["binary", "multiclass", "regression"],
  params,
  monotone: true,
  portfolio: ({ rows }: DataShape) => {
    const shallow =
      rows < 1000
        ? { maxDepth: 2, lambda: 5, rowSample: 0.8, columnSample: 0.8, rounds: 200 }
        : { maxDepth: 3, minChildWeight: 2 };
    const deep =
      rows < 1000
        ? { maxDepth: 3, lambda: 3, learningRate: 0.05, rowSample: 0.8, columnSample: 0.8 }
        : { maxDepth: 6 };
    const slow = { rounds: 800, learningRate: 0.05, rowSample: 0.8, columnSample: 0.8 };
    const configurations: z.input<typeof params>[] = [shallow, deep];
    if (rows >= 1000) configurations.push({ ...slow, maxDepth: 6, minChildWeight: 5 });
    if (rows >= 20_000)
      configurations.push({ ...slow, maxDepth: 8, minChildWeight: 20, lambda: 5 });
    return configurations.map((c) => params.parse(c));
  },
  space: ({ task }) => ({
    dimensions: {
      learningRate: { kind: "number", low: 0.02, high: 0.3, log: true },
      maxDepth: { kind: "whole", low: 2, high: 10 },
      minChildWeight: { kind: "number", low: 0.5, high: 50, log: true },
      lambda: { kind: "number", low: 0.1, high: 30, log: true },
      rowSample: { kind: "number", low: 0.5, high: 1 },
      columnSample: { kind: "number", low: 0.3, high: 1 },
      ...(task === "regression" ? { loss: LOSSES } : {}),
    },
    fixed: { rounds: 1000 },
  }),
  fit(input) {
    checkFit(input);
    const { boosted, objective } = train(
      input,
      monotoneColumns(input, { ...input.params.monotone, ...input.monotone }),
    );
    return fitted(input, boosted, objective);
  },
};

function train(
  input: FitInput<Params>,
  monotone: ReadonlyMap<number, number>,
): { boosted: Boosted; objective: Objective } {
  const { design, target, weights, task, params: p, seed, validation } = input;
  const run = (
    rows: Int32Array | undefined,
    settings: Params,
    watch: BoostInput["watch"],
    progress: readonly [from: number, to: number],
  ) => {
    const take = (values: Float64Array) => (rows ? valuesAt(values, rows) : values);
    const y = take(target);
    const w = weights && take(weights);
    const objective =
      task === "regression" ? regression(y, w, p.loss) : classification(y, w, input.classes);
    const [from, to] = progress;
    const boosted = boost({
      design: rows ? denseRows(design, rows) : design,
      objective,
      weights: w,
      settings,
      seed,
      monotone,
      ...(watch ? { watch } : {}),
      threads: input.threads ?? 1,
      openTeam: input.openTeam,
      signal: input.signal,
      onRound: (round) => input.onProgress?.(from + ((to - from) * round) / settings.rounds),
    });
    return { boosted, objective };
  };
  if (p.patience === 0) return run(undefined, p, undefined, [0, 1]);
  if (validation) return run(undefined, p, { ...validation, patience: p.patience }, [0, 1]);
  const parts = holdOut(target, task, HELD_OUT, seed, MIN_WATCHED);
  if (!parts) {
    const rounds = Math.min(p.rounds, UNWATCHED_ROUNDS);
    return run(undefined, { ...p, rounds }, undefined, [0, 1]);
  }
  const watch = {
    design: denseRows(design, parts.watch),
    target: valuesAt(target, parts.watch),
    weights: weights && valuesAt(weights, parts.watch),
    patience: p.patience,
  };
  const trial = run(parts.learn, p, watch, [0, 0.5]);
  const final = run(undefined, { ...p, rounds: trial.boosted.rounds }, undefined, [0.5, 1]);
  return { ...final, boosted: { ...final.boosted, loss: trial.boosted.loss } };
}

function fitted(input: FitInput<Params>, boosted: Boosted, objective: Objective): FittedModel {
  const { shift, scale, base, classes: outputs } = objective;
  // In the target's unit from here on.
  const ensemble = { ...boosted.ensemble, value: boosted.ensemble.value.map((v) => v * scale) };
  const start = base.map((b) => shift + b * scale);
  const leaves = leafCount(ensemble);
  const { task } = input;
  return {
    complexity: leaves,
    summary: {
      rounds: boosted.rounds,
      trees: ensemble.roots.length,
      leaves,
      heldOutLoss: Number.isNaN(boosted.loss) ? null : boosted.loss,
      base: Array.from(start),
    },
    predict(design): Scores {
      const values = Float64Array.from(
        { length: design.rows * outputs },
        (_, i) => start[i % outputs]!,
      );
      addTrees(ensemble, design, values);
      if (task === "binary")
        for (const [i, m] of values.entries()) values[i] = 1 / (1 + Math.exp(-m));
      if (task === "multiclass") softmaxRows(values, outputs);
      return { rows: design.rows, width: outputs, values };
    },
    emit(graph, from) {
      const raw = emitTrees(graph, from, ensemble, "SUM", start);
      if (task === "regression") return raw;
      if (task === "multiclass") return graph.node("Softmax", [raw], { axis: 1 });
      return emitBothClasses(graph, graph.node("Sigmoid", [raw]));
    },
    importance: (design) => gainImportance(ensemble, design),
  };
}

/** In place, each row of `width`. */
function softmaxRows(values: Float64Array, width: number): void {
  for (let at = 0; at < values.length; at += width) {
    const row = values.subarray(at, at + width);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (const [k, m] of row.entries()) sum += row[k] = Math.exp(m - top);
    for (const [k, e] of row.entries()) row[k] = e / sum;
  }
}
