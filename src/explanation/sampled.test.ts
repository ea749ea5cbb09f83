import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { type Sampling, sampling } from "./sampled.ts";

const COLUMNS = 9;

/** A function with products of three columns, and a background: nothing that an estimate gets right by luck. */
function problem(seed: number) {
  const r = random(`problem ${seed}`);
  const row = Float64Array.from({ length: COLUMNS }, () => r.normal());
  const background = Array.from({ length: 40 }, () =>
    Float64Array.from({ length: COLUMNS }, () => r.normal()),
  );
  const terms = Array.from({ length: 6 }, () => ({
    of: [r.int(COLUMNS), r.int(COLUMNS), r.int(COLUMNS)],
    weight: r.normal(),
  }));
  const said = (x: ArrayLike<number>) => {
    let sum = 0;
    for (const { of, weight } of terms)
      sum += weight * Math.tanh(of.reduce((product, j) => product * x[j]!, 1) + x[of[0]!]!);
    return sum;
  };
  return { row, background, said };
}

function solved(plan: Sampling, { row, background, said }: ReturnType<typeof problem>) {
  const answers = new Float64Array(plan.runs);
  for (let run = 0; run < plan.runs; run++) {
    const theirs = background[plan.background[run]!]!;
    answers[run] = said(row.map((v, j) => (plan.own[run * COLUMNS + j] === 1 ? v : theirs[j]!)));
  }
  return plan.solve(answers);
}

const total = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

describe("explanations of a model that can only be run", () => {
  test("all coalitions of few columns are exact, and additive", () => {
    const p = problem(1);
    const plan = sampling(COLUMNS, 40, 40 * 2 ** COLUMNS, random(1));
    expect(plan.method).toBe("enumeration");
    const { base, said, contributions, errors } = solved(plan, p);
    expect(base).toBeCloseTo(
      p.background.reduce((sum, b) => sum + p.said(b) / 40, 0),
      12,
    );
    expect(said).toBeCloseTo(p.said(p.row), 12);
    expect(base + total(contributions)).toBeCloseTo(said, 12);
    expect([...errors]).toEqual(Array(COLUMNS).fill(0));
  });

  test("random orders keep to the budget, add up, and are within their stated error", () => {
    let inside = 0;
    let all = 0;
    for (let seed = 0; seed < 25; seed++) {
      const p = problem(seed);
      const exact = solved(sampling(COLUMNS, 40, 40 * 2 ** COLUMNS, random(1)), p);
      const plan = sampling(COLUMNS, 40, 1500, random(seed));
      expect(plan.method).toBe("permutation");
      expect(plan.runs).toBeLessThanOrEqual(1500);
      const { base, said, contributions, errors } = solved(plan, p);
      expect(base + total(contributions)).toBeCloseTo(said, 10);
      contributions.forEach((v, j) => {
        all++;
        if (Math.abs(v - exact.contributions[j]!) <= errors[j]!) inside++;
      });
    }
    expect(inside / all).toBeGreaterThanOrEqual(0.9);
  });

  test("columns that act alone or in pairs are exact in one order and its reverse", () => {
    const plan = sampling(COLUMNS, 1, 200, random(1));
    const p = problem(3);
    const pairs = { ...p, said: (x: ArrayLike<number>) => x[0]! * x[1]! + 3 * x[2]! };
    const { contributions, errors } = solved(plan, pairs);
    const [theirs] = p.background;
    expect(contributions[2]).toBeCloseTo(3 * (p.row[2]! - theirs![2]!), 10);
    for (const error of errors) expect(error).toBeLessThan(1e-12);
  });
});
