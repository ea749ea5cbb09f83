import type { HeldOut } from "./abstain-rule.ts";
import { type AbstainRule, certainty } from "./abstention.ts";
import { predictedClass } from "./confusion.ts";
import { measured } from "./proven-precision.ts";

/** Of `rows` asked, `answered` answered; of these (conformal: of all rows) `right` right. */
export interface Cost {
  readonly rows: number;
  readonly answered: number;
  /** Share of the answers that were right; null when none was given, and for regression. With its exact 95 % interval. */
  readonly precision: Bounded | null;
  /** Conformal: share of rows whose set or interval held the truth. */
  readonly covered: Bounded | null;
}

export interface Bounded {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** What the rule does with each row: said something, said right, held the truth. */
export function outcomes(rule: AbstainRule | null, held: HeldOut) {
  const { scores, target } = held;
  const { width, values } = scores;
  return Array.from(target, (truth, i) => {
    const output = Array.from(values.subarray(i * width, (i + 1) * width));
    const said = held.task === "regression" ? -1 : predictedClass(scores, i);
    const found =
      rule === null ? { abstained: held.task !== "regression" } : certainty(rule, held, output);
    const covered =
      held.task === "regression"
        ? rule?.kind === "conformal" && Math.abs(truth - output[0]!) <= rule.quantile
        : (found.set?.includes(held.classes[truth]!) ?? false);
    return { said, answered: !found.abstained, right: said === truth, covered, truth };
  });
}

export type Outcome = ReturnType<typeof outcomes>[number];

export function summary(rule: AbstainRule | null, held: HeldOut, all: readonly Outcome[]): Cost {
  const answered = all.filter((row) => row.answered);
  const share = (hits: readonly Outcome[], of: readonly Outcome[]): Bounded | null =>
    of.length === 0 ? null : { ...measured(hits.length, of.length) };
  return {
    rows: all.length,
    answered: answered.length,
    precision:
      held.task === "regression"
        ? null
        : share(
            answered.filter((row) => row.right),
            answered,
          ),
    covered:
      rule?.kind === "conformal"
        ? share(
            all.filter((row) => row.covered),
            all,
          )
        : null,
  };
}

export const costOf = (rule: AbstainRule | null, held: HeldOut): Cost =>
  summary(rule, held, outcomes(rule, held));
