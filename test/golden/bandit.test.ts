import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bestProbabilities } from "../../src/stats/best-arm.ts";

interface Golden {
  readonly cases: readonly {
    readonly arms: readonly (readonly [number, number])[];
    readonly best: readonly number[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("./bandit.json", import.meta.url), "utf8"),
) as Golden;

test.each(golden.cases.map((c) => [JSON.stringify(c.arms), c] as const))(
  "the best of %s, within 0.001 of scipy's quadrature",
  (_, { arms, best }) => {
    const shares = bestProbabilities(arms.map(([wins, losses]) => ({ wins, losses })));
    shares.forEach((share, k) => {
      expect(Math.abs(share - best[k]!)).toBeLessThan(1e-3);
    });
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  },
);
