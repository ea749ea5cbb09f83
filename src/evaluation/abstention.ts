import type { Task } from "../lib/task.ts";

/** What a person asks for: what is said is right so often, or the set (the interval) holds the truth so often. */
export type AbstainGoal =
  | { readonly precision: number }
  | { readonly coverage: number; readonly perClass?: boolean | undefined };

/**
 * When a model says nothing. Made on rows nobody trained on, kept with the version.
 * precision: class k is said only from `thresholds[k]` on (null: never), so that what is said is right in `target` of the cases;
 * conformal: all classes whose score is at least 1 − `quantile` (`perClass`: 1 − `perClass[k]`) form the set that holds the truth
 * in `coverage` of the cases (regression: value ± `quantile`); said is only what stands alone in its set.
 */
export type AbstainRule =
  | {
      readonly kind: "precision";
      readonly target: number;
      readonly thresholds: readonly (number | null)[];
    }
  | {
      readonly kind: "conformal";
      readonly coverage: number;
      readonly quantile: number;
      /** Coverage holds within every class, not only over all rows. */
      readonly perClass?: readonly number[] | undefined;
    };

/** What a rule makes of one output. */
export interface Certainty {
  readonly abstained: boolean;
  /** Classes that may be true (conformal). */
  readonly set?: readonly string[];
  /** The number lies in here (conformal, regression). */
  readonly interval?: readonly [number, number];
}

/** @param output as in PredictionRecord: binary [p(positive)], multiclass p per class, regression [value]. */
export function certainty(
  rule: AbstainRule,
  { task, classes }: { readonly task: Task | "tensors"; readonly classes: readonly string[] },
  output: readonly number[],
): Certainty {
  if (task === "tensors") return { abstained: false };
  if (task === "regression") {
    if (rule.kind === "precision") return { abstained: false };
    return { abstained: false, interval: [output[0]! - rule.quantile, output[0]! + rule.quantile] };
  }
  const each = task === "binary" ? [1 - output[0]!, output[0]!] : output;
  if (rule.kind === "precision") {
    const best = task === "binary" ? Number(each[1]! >= 0.5) : each.indexOf(Math.max(...each));
    const from = rule.thresholds[best] ?? Number.POSITIVE_INFINITY;
    return { abstained: each[best]! < from };
  }
  // Not `p >= 1 − quantile`: a row at the quantile itself must be in, and only the same subtraction gives the same number.
  const set = classes.filter((_, k) => 1 - each[k]! <= (rule.perClass?.[k] ?? rule.quantile));
  return { abstained: set.length !== 1, set };
}
