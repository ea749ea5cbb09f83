import { type AbstainRule, certainty } from "../evaluation/abstention.ts";
import { predictedClass } from "../evaluation/confusion.ts";
import { knownRows } from "../evaluation/known-rows.ts";
import { measured } from "../evaluation/proven-precision.ts";
import type { Scores, Target, Task } from "../lib/task.ts";
import { binomialCdf } from "../stats/distributions.ts";
import { profileColumn } from "../stats/profile.ts";
import { stringColumn } from "../table/table.ts";
import { type CalibrationCache, type FeatureDrift, windowDrift } from "./window-drift.ts";

/** What the rule to abstain did in a window. Plain JSON. */
export interface WindowAbstention {
  /** Share of the rows on which nothing was said, and on the held-out rows; undefined without rows, and for regression. */
  readonly rate: number | undefined;
  readonly before: number | undefined;
  /** The share as a drifting quantity, with a threshold calibrated like those of the columns. */
  readonly drift: FeatureDrift | undefined;
  readonly promise: WindowPromise | undefined;
}

/** Whether what was said was right (the set or interval held the truth) as often as promised, on rows labelled since the last window. */
export interface WindowPromise {
  readonly of: "precision" | "coverage";
  readonly promised: number;
  /** Answers whose truth is known (coverage: all rows), and the share that kept the promise, with its exact 95 % interval. */
  readonly rows: number;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  /** Broken beyond chance (exact binomial test, p < 0.001) and by a fifth more errors than were allowed. */
  readonly broken: boolean;
  readonly words: string;
}

export interface WatchedRule {
  readonly rule: AbstainRule;
  readonly task: Task;
  readonly classes: readonly string[];
  /** Held-out rows of the evaluation, and how many of them the rule let it answer. */
  readonly heldOut: { readonly rows: number; readonly answered: number };
}

/** As it reads in sentences. */
const ABSTENTION = "the share of unanswered rows";
const MIN_ANSWERS = 30;
const MAX_P = 0.001;
const FLOOR = 1.2;

export function windowAbstention(
  watched: WatchedRule,
  window: {
    readonly scores: Scores;
    readonly labelled: { readonly scores: Scores; readonly target: Target };
    /** How much more the predictions vary from window to window than independent rows would. */
    readonly inflation: number;
    readonly cache: CalibrationCache;
    readonly seed: number;
  },
): WindowAbstention {
  const promise = promiseOf(watched, window.labelled.scores, window.labelled.target);
  const { rows, answered } = watched.heldOut;
  if (watched.task === "regression" || window.scores.rows === 0 || rows === 0)
    return { rate: undefined, before: undefined, drift: undefined, promise };
  const silent = Array.from({ length: window.scores.rows }, (_, i) =>
    certainty(watched.rule, watched, outputOf(window.scores, i)).abstained ? "no" : "yes",
  );
  const { inflation, cache, seed } = window;
  const values = ["yes", "no"];
  const counts = [answered, rows - answered, 0];
  const reference = { type: "category", rows, missing: 0, inflation, values, counts } as const;
  const [drift] = windowDrift({
    references: { [ABSTENTION]: reference },
    window: { [ABSTENTION]: profileColumn(stringColumn(silent)) },
    ...{ cache, seed },
  });
  const rate = silent.filter((said) => said === "no").length / silent.length;
  return { rate, before: 1 - answered / rows, drift, promise };
}

const outputOf = ({ values, width }: Scores, row: number): number[] =>
  Array.from(values.subarray(row * width, (row + 1) * width));

function promiseOf(
  watched: WatchedRule,
  scores: Scores,
  target: Target,
): WindowPromise | undefined {
  const { rule, task, classes } = watched;
  let [rows, kept] = [0, 0];
  for (const i of knownRows(target)) {
    const found = certainty(rule, watched, outputOf(scores, i));
    const truth = target[i]!;
    if (rule.kind === "precision") {
      if (found.abstained) continue;
      rows++;
      kept += Number(predictedClass(scores, i) === truth);
      continue;
    }
    rows++;
    kept += Number(
      task === "regression"
        ? Math.abs(truth - scores.values[i]!) <= rule.quantile
        : (found.set?.includes(classes[truth]!) ?? false),
    );
  }
  if (rows < MIN_ANSWERS) return undefined;
  const of = rule.kind === "precision" ? "precision" : "coverage";
  const promised = rule.kind === "precision" ? rule.target : rule.coverage;
  const { value, lower, upper } = measured(kept, rows);
  const unlikely = binomialCdf(kept, rows, promised) < MAX_P;
  const broken = unlikely && 1 - value >= FLOOR * (1 - promised);
  return { of, promised, rows, value, lower, upper, broken, words: words(rule, kept, rows) };
}

function words(rule: AbstainRule, kept: number, rows: number): string {
  const { value, lower, upper } = measured(kept, rows);
  const range = `${percent(value)} (95 %: ${percent(lower)} to ${percent(upper)})`;
  return rule.kind === "precision"
    ? `what it said was right in ${range} of ${rows} answers, ${percent(rule.target)} was promised`
    : `the truth was held in ${range} of ${rows} rows, ${percent(rule.coverage)} was promised`;
}

const percent = (share: number): string =>
  `${(100 * share).toLocaleString("en-US", { maximumFractionDigits: 1 })} %`;
