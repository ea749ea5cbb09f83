import { z } from "zod";
import { MillwrightError } from "../../errors.ts";
import type { Scores, Target } from "../../lib/task.ts";
import type { Graph } from "../../onnx/graph.ts";
import type { Design } from "../encoding/encoding.ts";
import type { FitInput, FittedModel, Trainer } from "../trainer.ts";
import { checkFit } from "../trees/check-fit.ts";

const params = z.object({
  /** `prior`: says the same for every row. `rule`: asks one yes/no question of the best single column. */
  kind: z.enum(["prior", "rule"]).default("prior"),
  /** Regression, `prior`: which middle. */
  center: z.enum(["mean", "median"]).default("mean"),
});
type BaselineParams = z.output<typeof params>;

const MAX_THRESHOLDS = 64;
/** Weight on each side of a rule; also how strongly a leaf is drawn to the prior. */
const MIN_ROWS = 10;

/** What a model has to beat to be worth having. */
export const baseline: Trainer<BaselineParams> = {
  name: "baseline",
  title: "Baseline",
  style: "tree",
  tasks: ["binary", "multiclass", "regression"],
  params,
  // What is the same for every row is monotone; a rule may not be.
  monotone: true,
  portfolio: ({ task, monotone }) => [
    params.parse({}),
    ...(task === "regression" ? [params.parse({ center: "median" })] : []),
    ...(monotone ? [] : [params.parse({ kind: "rule" })]),
  ],
  fit,
};

/** A leaf says one row of numbers: class probabilities (binary: both), or the value. */
type Leaf = Float64Array;

interface Rule {
  readonly column: number;
  readonly threshold: number;
  /** column <= threshold, column > threshold, column missing. */
  readonly leaves: readonly [Leaf, Leaf, Leaf];
  readonly loss: number;
}

function fit(input: FitInput<BaselineParams>): FittedModel {
  const { design, target, task, classes, params: given, signal } = input;
  checkFit({ ...input, design: { ...design, width: 1 } });
  if (signal?.aborted) throw new MillwrightError("cancelled", "training stopped: cancelled");
  const width = task === "regression" ? 1 : classes;
  const all = sumsOf(input, width, () => true);
  const prior =
    task === "regression" && given.center === "median"
      ? Float64Array.of(medianOf(target))
      : leafOf(all, undefined);
  const rule = given.kind === "rule" ? bestRule(input, width, prior) : undefined;
  const leafAt = (rows: Design, i: number): Leaf => {
    if (rule === undefined) return prior;
    const value = rows.dense[i * rows.width + rule.column]!;
    if (Number.isNaN(value)) return rule.leaves[2];
    return rule.leaves[value <= rule.threshold ? 0 : 1];
  };
  return {
    complexity: rule ? 3 * width : width,
    summary: rule
      ? {
          rule: `${design.names[rule.column]} <= ${rule.threshold}`,
          yes: Array.from(rule.leaves[0]),
          no: Array.from(rule.leaves[1]),
          missing: Array.from(rule.leaves[2]),
        }
      : { prior: Array.from(prior) },
    predict(rows): Scores {
      // Binary scores are of the positive class only.
      const from = task === "binary" ? 1 : 0;
      const values = new Float64Array(rows.rows * (width - from));
      for (let i = 0; i < rows.rows; i++)
        values.set(leafAt(rows, i).subarray(from), i * (width - from));
      return { rows: rows.rows, width: width - from, values };
    },
    emit: (graph, { dense }) => emitRule(graph, dense, rule ?? constantRule(prior), width),
    importance: (rows) =>
      new Map(
        rows.names.map((name, j) => [
          name,
          rule ? Number(j === rule.column) : 1 / rows.names.length,
        ]),
      ),
  };
}

/** Weight, sum (or weight per class) and sum of squares of the rows that `keep` keeps. */
interface Sums {
  weight: number;
  readonly sums: Float64Array;
  squares: number;
}

const emptySums = (width: number): Sums => ({
  weight: 0,
  sums: new Float64Array(width),
  squares: 0,
});

function addRow(to: Sums, { task, target, weights }: FitInput<unknown>, i: number, sign = 1): void {
  const w = sign * (weights?.[i] ?? 1);
  to.weight += w;
  if (task !== "regression") to.sums[target[i]!]! += w;
  else {
    to.sums[0]! += w * target[i]!;
    to.squares += w * target[i]! ** 2;
  }
}

function sumsOf(input: FitInput<unknown>, width: number, keep: (i: number) => boolean): Sums {
  const sums = emptySums(width);
  for (let i = 0; i < input.target.length; i++) if (keep(i)) addRow(sums, input, i);
  return sums;
}

/** The mean of the rows, drawn towards `prior` by MIN_ROWS rows' worth. */
const leafOf = ({ weight, sums }: Sums, prior: Leaf | undefined): Leaf =>
  prior
    ? sums.map((s, k) => (s + MIN_ROWS * prior[k]!) / (weight + MIN_ROWS))
    : sums.map((s) => s / weight);

/** Squared error of the rows around their mean, or their entropy in nats. */
function lossOf({ weight, sums, squares }: Sums, task: FitInput<unknown>["task"]): number {
  if (weight <= 0) return 0;
  if (task === "regression") return squares - sums[0]! ** 2 / weight;
  return sums.reduce((sum, n) => (n > 0 ? sum - n * Math.log(n / weight) : sum), 0);
}

function bestRule(input: FitInput<unknown>, width: number, prior: Leaf): Rule | undefined {
  let best: Rule | undefined;
  for (let column = 0; column < input.design.width; column++) {
    const rule = bestThreshold(input, column, width, prior);
    if (rule && (best === undefined || rule.loss < best.loss)) best = rule;
  }
  return best;
}

function bestThreshold(
  input: FitInput<unknown>,
  column: number,
  width: number,
  prior: Leaf,
): Rule | undefined {
  const { design, task } = input;
  const value = (i: number) => design.dense[i * design.width + column]!;
  const order = Uint32Array.from({ length: design.rows }, (_, i) => i)
    .filter((i) => !Number.isNaN(value(i)))
    .sort((a, b) => value(a) - value(b) || a - b);
  const missing = sumsOf(input, width, (i) => Number.isNaN(value(i)));
  const below = emptySums(width);
  const above = emptySums(width);
  for (const i of order) addRow(above, input, i);
  // Thresholds are tried where another share of the weight has passed, so that weights do what repeated rows do.
  const share = Math.max(above.weight / MAX_THRESHOLDS, 1);
  const total = above.weight;
  let passed = 0;
  let best: Rule | undefined;
  for (let p = 0; p + 1 < order.length; p++) {
    const [here, next] = [order[p]!, order[p + 1]!];
    addRow(below, input, here);
    addRow(above, input, here, -1);
    if (value(here) === value(next) || Math.floor(below.weight / share) === passed) continue;
    passed = Math.floor(below.weight / share);
    if (below.weight < MIN_ROWS || total - below.weight < MIN_ROWS) continue;
    const loss = lossOf(below, task) + lossOf(above, task) + lossOf(missing, task);
    if (best && loss >= best.loss) continue;
    const leaves = [below, above, missing].map((sums) => leafOf(sums, prior));
    best = { column, threshold: value(here), leaves: leaves as unknown as Rule["leaves"], loss };
  }
  return best;
}

function medianOf(target: Target): number {
  const sorted = target.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

const constantRule = (leaf: Leaf): Rule => ({
  column: 0,
  threshold: 0,
  leaves: [leaf, leaf, leaf],
  loss: 0,
});

function emitRule(graph: Graph, dense: string, rule: Rule, width: number): string {
  const [yes, no, missing] = rule.leaves.map((leaf) =>
    graph.constant("float32", [1, width], leaf),
  ) as [string, string, string];
  const index = graph.constant("int64", [1], [rule.column]);
  const value = graph.node("Gather", [dense, index], { axis: 1 });
  const threshold = graph.constant("float32", [], [rule.threshold]);
  const above = graph.node("Greater", [value, threshold]);
  const known = graph.node("Where", [above, no, yes]);
  return graph.node("Where", [graph.node("IsNaN", [value]), missing, known]);
}
