import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { pairedDifferences } from "./paired-difference.ts";
import { addPairs, DEFAULT_RULE, decide, eValues, NO_PAIRS, sampleRatio } from "./sequential.ts";

/** Share of experiments that ever say `outcome` when looked at every 20 pairs for 2,000 pairs. */
function shareOf(outcome: string, runs: number, draw: (rng: ReturnType<typeof random>) => number) {
  let said = 0;
  for (let run = 0; run < runs; run++) {
    const rng = random(`sequential ${run}`);
    let state = NO_PAIRS;
    for (let look = 0; look < 100; look++) {
      state = addPairs(
        state,
        Float64Array.from({ length: 20 }, () => draw(rng)),
      );
      const decision = decide(state);
      if (decision.outcome === "extend") continue;
      if (decision.outcome === outcome) said += 1;
      break;
    }
  }
  return said / runs;
}

describe("the sequential test", () => {
  test("promotes an equal challenger in at most 5 % of experiments, however often one looks", () => {
    expect(shareOf("promote", 200, (rng) => rng.normal() / 4)).toBeLessThanOrEqual(0.05);
    // Heavy on one side, mean zero: rare large wins against frequent small losses.
    const skewed = (rng: ReturnType<typeof random>) => (rng.next() < 0.1 ? 0.9 : -0.1);
    expect(shareOf("promote", 200, skewed)).toBeLessThanOrEqual(0.05);
  });

  test("promotes a better challenger and rejects a worse one nearly always", () => {
    expect(shareOf("promote", 100, (rng) => rng.normal() / 4 + 0.04)).toBeGreaterThan(0.95);
    expect(shareOf("reject", 100, (rng) => rng.normal() / 4 - 0.04)).toBeGreaterThan(0.95);
  });

  test("does not depend on order or batches, and survives JSON", () => {
    const rng = random(5);
    const d = Float64Array.from({ length: 500 }, () => rng.normal() / 3);
    const whole = addPairs(NO_PAIRS, d);
    const parts = addPairs(
      JSON.parse(JSON.stringify(addPairs(NO_PAIRS, d.slice(300)))),
      d.slice(0, 300),
    );
    expect(eValues(parts).challenger).toBeCloseTo(eValues(whole).challenger, 9);
    expect(parts.pairs).toBe(500);
  });

  test("waits for 200 pairs even when the evidence is overwhelming", () => {
    const sure = addPairs(NO_PAIRS, new Float64Array(199).fill(0.5));
    expect(decide(sure)).toMatchObject({
      outcome: "extend",
      reason: expect.stringMatching(/199 of/),
    });
    expect(decide(addPairs(sure, [0.5])).outcome).toBe("promote");
  });

  test("keeps the champion when the longest allowed trial shows nothing", () => {
    const flat = addPairs(NO_PAIRS, new Float64Array(1000));
    const rule = { ...DEFAULT_RULE, maxPairs: 1000 };
    expect(decide(flat, rule)).toMatchObject({ outcome: "reject" });
    expect(decide(flat).outcome).toBe("extend");
  });

  test("skips pairs whose label is not known", () => {
    expect(addPairs(NO_PAIRS, [Number.NaN, 0.1, Number.NaN]).pairs).toBe(1);
  });
});

describe("paired differences", () => {
  const scores = (values: number[], width = 1) => ({
    rows: values.length / width,
    width,
    values: Float64Array.from(values),
  });
  const of = (...args: Parameters<typeof pairedDifferences>) => [...pairedDifferences(...args)];

  test("favour the challenger when positive, for every task", () => {
    expect(of("binary", scores([1, 0]), scores([0, 0.5]), Float64Array.of(1, 1))).toEqual([
      1, -0.75,
    ]);
    expect(of("regression", scores([10, 8]), scores([12, 8]), Float64Array.of(11, 8))).toEqual([
      0, 0,
    ]);
    expect(of("regression", scores([11]), scores([14]), Float64Array.of(11))).toEqual([1]);
    const [better] = of(
      "multiclass",
      scores([1, 0, 0], 3),
      scores([0, 1, 0], 3),
      Float64Array.of(0),
    );
    expect(better).toBe(1);
  });

  test("are unknown without a label", () => {
    for (const task of ["binary", "multiclass", "regression"] as const)
      expect(of(task, scores([0.2]), scores([0.4]), Float64Array.of(Number.NaN))).toEqual([
        Number.NaN,
      ]);
  });
});

describe("the sample ratio", () => {
  test("a broken assignment is called broken, chance is not", () => {
    expect(sampleRatio([5050, 4950], [0.5, 0.5]).broken).toBe(false);
    expect(sampleRatio([5300, 4700], [0.5, 0.5]).broken).toBe(true);
    expect(sampleRatio([990, 10], [0.99, 0.01])).toMatchObject({ p: 1, broken: false });
    expect(sampleRatio([970, 30], [0.99, 0.01]).broken).toBe(true);
    expect(sampleRatio([100, 1], [1, 0])).toEqual({ p: 0, broken: true });
    expect(sampleRatio([0, 0], [0.5, 0.5])).toEqual({ p: 1, broken: false });
  });

  test("is called broken by chance in under 1 % of experiments that are looked at all the time", () => {
    let broken = 0;
    for (let run = 0; run < 300; run++) {
      const rng = random(`ratio ${run}`);
      const counts = [0, 0];
      let said = false;
      for (let look = 0; look < 100 && !said; look++) {
        for (let i = 0; i < 20; i++) counts[rng.next() < 0.05 ? 1 : 0]! += 1;
        said = sampleRatio(counts, [0.95, 0.05]).broken;
      }
      broken += Number(said);
    }
    expect(broken).toBeLessThanOrEqual(2);
  });
});
