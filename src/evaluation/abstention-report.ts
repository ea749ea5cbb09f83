import { random } from "../lib/random.ts";
import { abstainRule, claimsOf, type HeldOut, heldRows, provenClasses } from "./abstain-rule.ts";
import type { AbstainGoal, AbstainRule } from "./abstention.ts";
import {
  bestOf,
  type Choice,
  type CurvePoint,
  choicesOf,
  curveOf,
  strictest,
} from "./abstention-choices.ts";
import { type Cost, costOf, outcomes, summary } from "./abstention-cost.ts";
import { lowestProven } from "./proven-precision.ts";

/** What a rule to abstain promises and costs, on the held-out rows. Plain JSON, part of the evaluation. */
export interface AbstentionReport {
  readonly goal: AbstainGoal;
  /** null: rows too few for any. */
  readonly rule: AbstainRule | null;
  readonly rows: number;
  /** Rows on which the rule lets the model speak (regression: all). */
  readonly cost: Cost;
  /** Rules made of one random half of the rows, asked about the other: what was promised, on rows that did not make the rule. null: no half proves anything. */
  readonly check: Cost | null;
  readonly classes: readonly ClassCost[];
  /** What other goals would cost. The one asked for is among them. */
  readonly choices: readonly Choice[];
  /** By falling certainty of the most probable class, whatever the class: how many rows and how many of them right (risk–coverage). */
  readonly curve: readonly CurvePoint[];
  /** The strictest precision of which anything can be proven, where the goal cannot be reached. */
  readonly best: Choice | null;
}

export interface ClassCost extends Cost {
  readonly class: string;
  /** Said from this score on; null: never (precision). */
  readonly threshold: number | null;
  /** Proven lower bound of the precision at that threshold. */
  readonly proven: number | null;
  /** Where nothing is proven: the highest precision that could be. */
  readonly best: number | null;
}

/** Deterministic for a seed. */
export function abstentionReport(goal: AbstainGoal, held: HeldOut, seed: number): AbstentionReport {
  const rule = abstainRule(goal, held) ?? null;
  const rows = held.target.length;
  const cost = costOf(rule, held);
  const proves = "precision" in goal;
  return {
    ...{ goal, rule, rows, cost, check: crosswise(goal, held, seed) },
    classes: classCosts(goal, rule, held),
    choices: choicesOf(goal, held),
    curve: held.task === "regression" ? [] : curveOf(held),
    best: proves && cost.answered === 0 ? bestOf(goal.precision, held) : null,
  };
}

/** By the class that was said; for coverage by the class that was true. */
function classCosts(goal: AbstainGoal, rule: AbstainRule | null, held: HeldOut): ClassCost[] {
  const all = outcomes(rule, held);
  const proofs = "precision" in goal ? provenClasses(goal.precision, held) : [];
  const claims = claimsOf(held);
  return held.classes.map((name, k) => {
    const said = all.filter((row) => row.said === k);
    const proof = proofs[k];
    const missed = "precision" in goal && proof === undefined;
    return {
      class: name,
      ...summary(null, held, said),
      covered: summary(
        rule,
        held,
        all.filter((row) => row.truth === k),
      ).covered,
      threshold: proof?.threshold ?? null,
      proven: proof?.lower ?? null,
      best: missed
        ? strictest(goal.precision, (p) => lowestProven(claims[k]!, p) !== undefined)
        : null,
    };
  });
}

function crosswise(goal: AbstainGoal, held: HeldOut, seed: number): Cost | null {
  const order = random(seed).split("abstention").shuffle(Uint32Array.from(held.target.keys()));
  const half = order.length >> 1;
  const halves = [order.subarray(0, half), order.subarray(half)].map((rows) =>
    heldRows(held, rows),
  );
  const rules = halves.map((part) => abstainRule(goal, part));
  const [first, second] = rules;
  if (first === undefined || second === undefined) return null;
  const found = [...outcomes(second, halves[0]!), ...outcomes(first, halves[1]!)];
  const cost = summary(first, held, found);
  return cost.answered === 0 && cost.covered === null ? null : cost;
}
