import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { lossesOf } from "./loss.ts";
import { proofOf } from "./proof.ts";

/** Rows of a member of which neither model is right: both miss the chance by as much, in opposite directions. */
function noBetter(rows: number, seed: number, base: number, off: number) {
  const chance = random(seed);
  const at = Float64Array.from({ length: rows }, () => base * (0.5 + chance.next()));
  const target = at.map((p) => Number(chance.next() < p));
  const side = Float64Array.from({ length: rows }, () => (chance.next() < 0.5 ? 1 : -1));
  const shifted = (sign: number) =>
    at.map((p, i) => 1 / (1 + Math.exp(-(Math.log(p / (1 - p)) + sign * side[i]! * off))));
  const losses = (sign: number) => lossesOf({ task: "binary" }, shifted(sign), target);
  return proofOf({ task: "binary" }, losses(1), losses(-1)).p;
}

describe("the proof that a member's model is better", () => {
  test.each([
    [25, 0.05, 0.5],
    [50, 0.1, 1],
    [100, 0.02, 1],
    [100, 0.4, 0.5],
    [400, 0.3, 0.2],
  ])("%s rows at a chance of %s, off by %s: at most 5 %% by chance", (rows, base, off) => {
    const times = 2000;
    const believed = Array.from({ length: times }, (_, seed) => noBetter(rows, seed, base, off));
    const share = believed.filter((p) => p <= 0.05).length / times;
    // Three standard errors of a share of 5 % of 2,000.
    expect(share).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / times));
  });

  test.each([
    [40, 0.05, 10],
    [80, 0.02, 40],
    [200, 0.3, 0.2],
  ])(
    "%s rows at a chance of %s, the rarer class counting %s: a right parent is beaten in at most 5 %",
    (rows, base, weight) => {
      const asked = { task: "binary", classWeights: [1, weight] } as const;
      const times = 2000;
      let believed = 0;
      for (let seed = 0; seed < times; seed++) {
        const chance = random(seed);
        const at = Float64Array.from({ length: rows }, () => base * (0.5 + chance.next()));
        const target = at.map((p) => Number(chance.next() < p));
        // What is right where classes count so: the chance in a mix of them.
        const right = at.map((p) => (weight * p) / (weight * p + 1 - p));
        const off = right.map((p) => 1 / (1 + ((1 - p) / p) * Math.exp(chance.next() - 0.3)));
        const losses = (scores: Float64Array) => lossesOf(asked, scores, target);
        if (proofOf(asked, losses(right), losses(off)).p <= 0.05) believed++;
      }
      expect(believed / times).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / times));
    },
  );

  test("rows that are all of one class do not prove that the other never comes", () => {
    const target = new Float64Array(100);
    const said = (p: number) => lossesOf({ task: "binary" }, new Float64Array(100).fill(p), target);
    expect(proofOf({ task: "binary" }, said(0.002), said(0.0001)).p).toBeGreaterThan(0.5);
    // That the parent is wrong they can show: a chance of 20 % never came in 100 rows.
    expect(proofOf({ task: "binary" }, said(0.2), said(0.01)).p).toBeLessThan(1e-6);
  });

  test("no rows, one row, worse or the same prove nothing", () => {
    for (const [parent, own] of [
      [[], []],
      [[1], [0]],
      [
        [0.1, 0.2],
        [0.3, 0.2],
      ],
      [
        [0.1, 0.2],
        [0.1, 0.2],
      ],
    ])
      expect(
        proofOf({ task: "binary" }, Float64Array.from(parent!), Float64Array.from(own!)).p,
      ).toBe(1);
  });

  test("numbers: a clear gain is believed", () => {
    const parent = Float64Array.from({ length: 40 }, (_, i) => 1 + (i % 7) / 10);
    expect(
      proofOf(
        { task: "regression" },
        parent,
        parent.map((loss) => loss / 2),
      ).p,
    ).toBeLessThan(1e-6);
  });
});
