import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../lib/json.ts";
import { random } from "../lib/random.ts";
import type { HeldOut } from "./abstain-rule.ts";
import { abstainRule } from "./abstain-rule.ts";
import { type AbstainGoal, certainty } from "./abstention.ts";
import { abstentionReport } from "./abstention-report.ts";
import { abstentionInWords, abstentionResult } from "./abstention-words.ts";

/** Honest probabilities: p uniform, happens with p. */
function honest(rows: number, seed: number | string): HeldOut {
  const rng = random(seed);
  const values = Float64Array.from({ length: rows }, () => rng.next());
  const target = values.map((p) => (rng.next() < p ? 1 : 0));
  return {
    ...{ task: "binary", classes: ["no", "yes"], target },
    scores: { rows, width: 1, values },
  };
}

/** Three classes; the most probable is right as often as it says. */
function three(rows: number, seed: number | string): HeldOut {
  const rng = random(seed);
  const values = new Float64Array(rows * 3);
  const target = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const each = [rng.next() ** 4, rng.next() ** 4, rng.next() ** 4];
    const sum = each[0]! + each[1]! + each[2]!;
    each.forEach((p, k) => {
      values[i * 3 + k] = p / sum;
    });
    const u = rng.next() * sum;
    target[i] = u < each[0]! ? 0 : u < each[0]! + each[1]! ? 1 : 2;
  }
  return {
    ...{ task: "multiclass", classes: ["a", "b", "c"], target },
    scores: { rows, width: 3, values },
  };
}

function numbers(rows: number, seed: number | string): HeldOut {
  const rng = random(seed);
  const values = Float64Array.from({ length: rows }, () => 10 * rng.next());
  const target = values.map((value) => value + rng.normal());
  return { task: "regression", classes: [], target, scores: { rows, width: 1, values } };
}

const rowOf = ({ scores }: HeldOut, i: number): number[] =>
  Array.from(scores.values.subarray(i * scores.width, (i + 1) * scores.width));

/** Shares on new rows of what a rule made of some rows promises. */
function onNewRows(goal: AbstainGoal, made: HeldOut, asked: HeldOut) {
  const rule = abstainRule(goal, made)!;
  let [answered, right, covered] = [0, 0, 0];
  asked.target.forEach((truth, i) => {
    const output = rowOf(asked, i);
    const found = certainty(rule, asked, output);
    const each = asked.scores.width > 1 ? output : [1 - output[0]!, output[0]!];
    if (!found.abstained) {
      answered++;
      if (each.indexOf(Math.max(...each)) === truth) right++;
    }
    if (found.set?.includes(asked.classes[truth]!)) covered++;
    if (found.interval && truth >= found.interval[0] && truth <= found.interval[1]) covered++;
  });
  return { answered, right, covered };
}

describe("a rule for a precision", () => {
  test("says a class only where it is right that often, and says what that costs", () => {
    const held = honest(8000, "held");
    const report = abstentionReport({ precision: 0.95 }, held, 1);
    const { cost, classes, rule, check } = report;
    expect(rule).toMatchObject({ kind: "precision", target: 0.95 });
    for (const found of classes) {
      // p uniform: from t on (1 + t) / 2 are right, so 0.9 would do, and answer a tenth, if it could be known.
      expect(found.threshold!).toBeGreaterThan(0.9);
      expect(found.threshold!).toBeLessThan(0.97);
      expect(found.proven!).toBeGreaterThanOrEqual(0.95);
    }
    expect(cost.answered / cost.rows).toBeGreaterThan(0.06);
    expect(cost.precision!.value).toBeGreaterThan(0.95);
    expect(check!.precision!.value).toBeGreaterThan(0.95);
    expect(check!.rows).toBe(8000);
    expect(classes.reduce((n, c) => n + c.answered, 0)).toBe(cost.answered);
    expect(report.curve.at(-1)!.share).toBe(1);
    expect(report.curve.map(({ right }) => right)).toEqual(
      [...report.curve.map(({ right }) => right)].sort((a, b) => b - a),
    );
    const asked = report.choices.find(({ goal }) => goal === 0.95)!;
    expect(asked.answered).toBe(cost.answered / cost.rows);
    expect(abstentionInWords(report).words).toMatch(/^answers \d(\.\d)? % of 8,000 held-out rows/);
    expect(abstentionResult(report)).toMatchObject({ gate: "abstain", outcome: "pass" });
  });

  test("what cannot be reached fails, with what could be and how many rows it takes", () => {
    const report = abstentionReport({ precision: 0.999 }, honest(1500, 2), 1);
    expect(report.rule).toEqual({ kind: "precision", target: 0.999, thresholds: [null, null] });
    expect(report.cost).toMatchObject({ answered: 0, precision: null });
    expect(report.best!.goal).toBeGreaterThan(0.9);
    expect(report.best!.answered).toBeGreaterThan(0);
    const { outcome, words } = abstentionInWords(report);
    expect(outcome).toBe("fail");
    expect(words).toContain("99.9 % cannot be reached on 1,500 held-out rows");
    expect(words).toContain(
      `The best that can be proven is ${(report.best!.goal * 100).toFixed(1).replace(/\.0$/, "")} %`,
    );
    expect(words).toContain("2,995 of a class");
  });

  test("a class of which nothing can be proven is never said, and named", () => {
    const held = honest(3000, 3);
    // Every "yes" is a guess.
    const rng = random(4);
    const target = held.target.map((truth, i) =>
      held.scores.values[i]! >= 0.5 ? Number(rng.next() < 0.6) : truth,
    );
    const report = abstentionReport({ precision: 0.9 }, { ...held, target }, 1);
    expect(report.classes[0]!.threshold).not.toBeNull();
    expect(report.classes[1]).toMatchObject({ threshold: null, answered: 0, proven: null });
    expect(report.classes[1]!.best!).toBeLessThan(0.66);
    expect(abstentionInWords(report)).toMatchObject({ outcome: "warn" });
    expect(abstentionInWords(report).words).toContain('"yes" is never said');
  });

  test("keeps its promise on new rows in nineteen cases of twenty", () => {
    const asked = three(20_000, "asked");
    let broken = 0;
    for (let run = 0; run < 60; run++) {
      const { answered, right } = onNewRows({ precision: 0.9 }, three(900, run), asked);
      if (answered > 0 && right / answered < 0.9) broken++;
    }
    // 5 % of 60 and three standard errors.
    expect(broken).toBeLessThanOrEqual(8);
  });
});

describe("a rule for coverage", () => {
  test.each([
    ["two classes", honest],
    ["three classes", three],
    ["numbers", numbers],
  ] as const)("covers new rows as promised, on average: %s", (_, make) => {
    const asked = make(2000, "asked");
    let covered = 0;
    for (let run = 0; run < 60; run++)
      covered += onNewRows({ coverage: 0.9 }, make(50, run), asked).covered;
    const share = covered / (60 * 2000);
    expect(share).toBeGreaterThan(0.885);
    expect(share).toBeLessThan(0.9 + 1 / 51 + 0.02);
  });

  test("within every class, when asked for: the rare one too", () => {
    const rare = (rows: number, seed: number | string): HeldOut => {
      const rng = random(seed).split("rare");
      const values = Float64Array.from({ length: rows }, () => 0.4 * rng.next());
      const target = values.map((p) => Number(rng.next() < p));
      return { ...honest(0, 1), target, scores: { rows, width: 1, values } };
    };
    const asked = rare(20_000, "asked");
    const only = (k: number): HeldOut => {
      const rows = [...asked.target.keys()].filter((i) => asked.target[i] === k);
      return {
        ...asked,
        target: Float64Array.from(rows, () => k),
        scores: {
          ...{ rows: rows.length, width: 1 },
          values: Float64Array.from(rows, (i) => asked.scores.values[i]!),
        },
      };
    };
    const share = (goal: AbstainGoal, k: number) => {
      const part = only(k);
      return onNewRows(goal, rare(4000, 5), part).covered / part.target.length;
    };
    expect(share({ coverage: 0.9 }, 1)).toBeLessThan(0.86);
    expect(share({ coverage: 0.9, perClass: true }, 1)).toBeGreaterThan(0.87);
    expect(share({ coverage: 0.9, perClass: true }, 0)).toBeGreaterThan(0.87);
  });

  test("too few rows give no interval, and sets of everything", () => {
    const few = abstentionReport({ coverage: 0.99 }, numbers(98, 1), 1);
    expect(few.rule).toBeNull();
    expect(abstentionInWords(few)).toEqual({
      outcome: "fail",
      words: "98 held-out rows are too few: 99 % needs at least 99 held-out rows.",
    });
    const sets = abstentionReport({ coverage: 0.99 }, three(98, 1), 1);
    expect(sets.cost).toMatchObject({ answered: 0, covered: { value: 1 } });
    expect(abstentionInWords(sets).outcome).toBe("fail");
    expect(abstainRule({ coverage: 0.99 }, numbers(99, 1))).toBeDefined();
  });

  test("rows that made the rule are covered as often as its rank says, whatever the ties", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.boolean()), { minLength: 20 }),
        fc.constantFrom(0.5, 0.8, 0.9, 0.95),
        fc.boolean(),
        (rows, coverage, perClass) => {
          const values = Float64Array.from(rows, ([p]) => Math.fround(p / 7));
          const held: HeldOut = {
            ...{ task: "binary", classes: ["no", "yes"] },
            scores: { rows: rows.length, width: 1, values },
            target: Float64Array.from(rows, ([, yes]) => Number(yes)),
          };
          const { cost } = abstentionReport({ coverage, perClass }, held, 1);
          expect(cost.covered!.value).toBeGreaterThanOrEqual(coverage - 1e-12);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("a report is plain JSON, the same for the same seed", () => {
  for (const [goal, held] of [
    [{ precision: 0.9 }, three(600, 1)],
    [{ coverage: 0.9, perClass: true }, three(600, 1)],
    [{ coverage: 0.9 }, numbers(40, 1)],
    [{ precision: 0.9 }, honest(0, 1)],
  ] as const) {
    const report = abstentionReport(goal, held, 1);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(canonicalJson(abstentionReport(goal, held, 1))).toBe(canonicalJson(report));
    expect(abstentionInWords(report).words).not.toMatch(/NaN|undefined|Infinity/);
  }
});
