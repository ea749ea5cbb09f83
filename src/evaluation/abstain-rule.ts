import type { Scores, Target, Task } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import type { AbstainGoal, AbstainRule } from "./abstention.ts";
import { conformalQuantile } from "./conformal.ts";
import { predictedClass } from "./confusion.ts";
import { takeScores } from "./known-rows.ts";
import { type Claims, lowestProven, type Proof } from "./proven-precision.ts";

/** Rows nobody trained on, with what a model said about them and what was true (no NaN). */
export interface HeldOut {
  readonly task: Task;
  /** Of the target; [] for regression. */
  readonly classes: readonly string[];
  readonly scores: Scores;
  readonly target: Target;
}

/**
 * The rule that keeps the goal. A class of which nothing can be proven is never said. undefined: a goal of precision for numbers,
 * or rows too few for any interval.
 */
export function abstainRule(goal: AbstainGoal, held: HeldOut): AbstainRule | undefined {
  if ("precision" in goal) {
    if (held.task === "regression") return undefined;
    const thresholds = provenClasses(goal.precision, held).map((proof) => proof?.threshold ?? null);
    return { kind: "precision", target: goal.precision, thresholds };
  }
  const { coverage } = goal;
  const scores = nonconformity(held);
  const quantile = conformalQuantile(scores, coverage);
  if (held.task === "regression")
    return Number.isFinite(quantile) ? { kind: "conformal", coverage, quantile } : undefined;
  // No score of a class exceeds 1: with too few rows every class is in every set.
  const atMost = (found: number) => Math.min(1, found);
  if (!goal.perClass) return { kind: "conformal", coverage, quantile: atMost(quantile) };
  const perClass = held.classes.map((_, k) =>
    atMost(
      conformalQuantile(
        scores.filter((_, i) => held.target[i] === k),
        coverage,
      ),
    ),
  );
  return { kind: "conformal", coverage, quantile: atMost(quantile), perClass };
}

/** What can be proven of each class, in the order of `classes`. */
export const provenClasses = (precision: number, held: HeldOut): (Proof | undefined)[] =>
  claimsOf(held).map((claims) => lowestProven(claims, precision));

/** The rows on which each class was said; none for regression. */
export function claimsOf({ classes, scores, target }: HeldOut): Claims[] {
  if (classes.length === 0) return [];
  const said = classes.map((): number[] => []);
  for (let i = 0; i < target.length; i++) said[predictedClass(scores, i)]!.push(i);
  return said.map((rows, k) => ({
    scores: Float64Array.from(rows, (row) => scoreOf(scores, row, k)),
    right: Uint8Array.from(rows, (row) => Number(target[row] === k)),
  }));
}

/** Of the class `k`, as `certainty` computes it. */
export const scoreOf = ({ values, width }: Scores, row: number, k: number): number =>
  width > 1 ? values[row * width + k]! : k === 1 ? values[row]! : 1 - values[row]!;

/** 1 − score of the true class, or how far off the number was. */
const nonconformity = ({ task, scores, target }: HeldOut): Float64Array =>
  target.map((truth, i) =>
    task === "regression" ? Math.abs(truth - scores.values[i]!) : 1 - scoreOf(scores, i, truth),
  );

export const heldRows = (held: HeldOut, rows: ArrayLike<number>): HeldOut => ({
  ...held,
  scores: takeScores(held.scores, rows),
  target: valuesAt(held.target, rows),
});
