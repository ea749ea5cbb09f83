import { abstainRule, type HeldOut, provenClasses } from "./abstain-rule.ts";
import type { AbstainGoal } from "./abstention.ts";
import { costOf } from "./abstention-cost.ts";
import { predictedClass } from "./confusion.ts";

export interface Choice {
  /** Precision or coverage asked for. */
  readonly goal: number;
  /** Share of rows answered (conformal regression: 1). */
  readonly answered: number;
  /** Conformal regression: half the width of the interval. */
  readonly halfWidth?: number;
}

/** The surest rows, down to `from`: so large a share of all, so large a share of them right. */
export interface CurvePoint {
  readonly from: number;
  readonly share: number;
  readonly right: number;
}

const PRECISIONS = [0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999];
const COVERAGES = [0.8, 0.9, 0.95, 0.98, 0.99];
const CURVE_POINTS = 20;

/** The usual goals and the one asked for, each with what it would cost. */
export function choicesOf(goal: AbstainGoal, held: HeldOut): Choice[] {
  const asked = "precision" in goal ? goal.precision : goal.coverage;
  const usual = "precision" in goal ? PRECISIONS : COVERAGES;
  const goals = [...new Set([...usual, asked])].sort((a, b) => a - b);
  return goals.map((value) =>
    choice(
      { ...goal, ...("precision" in goal ? { precision: value } : { coverage: value }) },
      held,
      value,
    ),
  );
}

function choice(goal: AbstainGoal, held: HeldOut, value: number): Choice {
  const rule = abstainRule(goal, held);
  const cost = costOf(rule ?? null, held);
  const answered = held.target.length === 0 || rule === undefined ? 0 : cost.answered / cost.rows;
  return held.task === "regression" && rule?.kind === "conformal"
    ? { goal: value, answered, halfWidth: rule.quantile }
    : { goal: value, answered };
}

/** In steps of a tenth of a point below `from`; null when not even a half is proven. */
export function strictest(from: number, proves: (precision: number) => boolean): number | null {
  let [low, high] = [500, Math.floor(from * 1000)];
  if (!proves(low / 1000)) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (proves(middle / 1000)) low = middle;
    else high = middle;
  }
  return low / 1000;
}

/** The strictest precision of which anything can be proven. */
export function bestOf(target: number, held: HeldOut): Choice | null {
  const found = strictest(target, (p) =>
    provenClasses(p, held).some((proof) => proof !== undefined),
  );
  return found === null ? null : choice({ precision: found }, held, found);
}

/** Risk–coverage: the surest rows first. */
export function curveOf({ scores, target, classes }: HeldOut): CurvePoint[] {
  const rows = target.length;
  const sure = Float64Array.from(target, (_, i) => {
    const said = predictedClass(scores, i);
    return scores.width > 1
      ? scores.values[i * scores.width + said]!
      : Math.max(scores.values[i]!, 1 - scores.values[i]!);
  });
  const order = Uint32Array.from(target.keys()).sort((a, b) => sure[b]! - sure[a]! || a - b);
  const points = Math.min(rows, CURVE_POINTS);
  let [n, hits] = [0, 0];
  return classes.length === 0
    ? []
    : Array.from({ length: points }, (_, k) => {
        const to = Math.round(((k + 1) * rows) / points);
        for (; n < to; n++) hits += Number(predictedClass(scores, order[n]!) === target[order[n]!]);
        return { from: sure[order[n - 1]!]!, share: n / rows, right: hits / n };
      });
}
