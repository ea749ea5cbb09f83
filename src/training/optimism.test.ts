import { expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { optimismOf } from "./optimism.ts";
import { standings, type Trial } from "./race.ts";

const FOLDS = 5;
const rules = { better: "higher", folds: FOLDS, keep: [] } as const;

function raceOf(scores: readonly (readonly number[])[]) {
  const candidates = scores.map((_, rank) => ({ id: `c${rank}`, trainer: "t", params: {}, rank }));
  const trials: Trial[] = scores.flatMap((own, c) =>
    own.map((score, fold) => ({
      ...{ candidate: `c${c}`, fold, score, seconds: 1, standardError: 0, complexity: 1 },
      error: undefined,
    })),
  );
  return optimismOf(standings(candidates, trials, rules), trials, rules);
}

test("of candidates that differ by luck alone, the luck is found", () => {
  const rng = random(1);
  const found = Array.from({ length: 200 }, () =>
    raceOf(Array.from({ length: 20 }, () => Array.from({ length: FOLDS }, () => rng.normal()))),
  );
  const mean = (of: (one: NonNullable<(typeof found)[0]>) => number) =>
    found.reduce((sum, one) => sum + of(one!), 0) / found.length;
  // All are worth 0; the best of 20 means of 5 has about 1.87 / sqrt(5).
  expect(Math.abs(mean(({ estimate }) => estimate))).toBeLessThan(0.1);
  expect(mean(({ optimism }) => optimism)).toBeGreaterThan(0.7);
});

test("of one that is better on every fold, nothing is luck", () => {
  const found = raceOf([
    [1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4],
  ]);
  expect(found).toEqual({ estimate: 3, optimism: 0 });
});

test("two folds, or one candidate, say nothing", () => {
  expect(raceOf([[1, 2, 3, 4, 5]])).toBeUndefined();
});
