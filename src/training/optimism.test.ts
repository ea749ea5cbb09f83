import { expect, test } from "vitest";
import { optimismOf } from "./optimism.ts";
import { type BagScores, type RaceRules, standings, type Trial } from "./race.ts";

interface Fit {
  readonly score: number;
  readonly bags?: BagScores;
  readonly error?: string;
}

function raceOf(fits: readonly (readonly Fit[])[], more: Partial<RaceRules> = {}) {
  const candidates = fits.map((_, rank) => ({ id: `c${rank}`, trainer: "t", params: {}, rank }));
  const trials: Trial[] = fits.flatMap((own, c) =>
    own.map((fit, fold) => ({
      ...{ candidate: `c${c}`, fold, seconds: 1, standardError: 0, complexity: 1 },
      ...{ error: undefined, ...fit },
    })),
  );
  const rules = { better: "higher", folds: 2, keep: [], ...more } as const;
  return optimismOf(standings(candidates, trials, rules), trials, rules);
}
const judged = (score: number, inside: (number | null)[], outside: (number | null)[]): Fit => ({
  ...{ score, bags: { inside, outside } },
});

// Two bags: in the first the second candidate is best inside, in the other the first.
const first = [judged(0.6, [0.5, 0.7], [0.6, 0.5]), judged(0.8, [0.7, 0.9], [0.8, 0.7])];
const second = [judged(0.7, [0.9, 0.4], [0.4, 0.9]), judged(0.8, [0.9, 0.6], [0.6, 0.9])];

test("the best inside of each bag is asked outside, and compared with all", () => {
  // Bag 1: second, outside 0.5 against 0.6 on average. Bag 2: first, 0.6 against 0.75. All: 0.725. Best of the race: 0.75.
  const found = raceOf([first, second])!;
  expect(found.estimate).toBeCloseTo(0.725 - (0.1 + 0.15) / 2, 12);
  expect(found.optimism).toBeCloseTo(0.75 - found.estimate, 12);
});

test("lower can be better", () => {
  // Bag 1: first, 0.7 against 0.6. Bag 2: second, 0.9 against 0.75. Best of the race: 0.7.
  const found = raceOf([first, second], { better: "lower" })!;
  expect(found.estimate).toBeCloseTo(0.725 + (0.1 + 0.15) / 2, 12);
  expect(found.optimism).toBeCloseTo(found.estimate - 0.7, 12);
});

test("a fold that a bag says nothing of counts for nobody, and a bag without folds not at all", () => {
  const silent = [judged(0.6, [null, 0.7], [0.6, 0.5]), judged(0.8, [0.7, 0.9], [null, 0.7])];
  const found = raceOf([silent, second])!;
  expect(found.estimate).toBeCloseTo(0.725 - 0.15, 12);
  const known = [first[0]!, judged(0.8, [0.7, null], [0.8, 0.7])];
  // Bag 2 on the first fold alone: first, 0.5 against 0.7.
  expect(raceOf([known, second])!.estimate).toBeCloseTo(0.725 - (0.1 + 0.2) / 2, 12);
});

test("of one that is better on all rows, nothing is luck", () => {
  const better = [judged(0.9, [0.9, 0.9], [0.9, 0.9]), judged(0.9, [0.9, 0.9], [0.9, 0.9])];
  const worse = [judged(0.7, [0.7, 0.7], [0.7, 0.7]), judged(0.7, [0.7, 0.7], [0.7, 0.7])];
  const found = raceOf([worse, better])!;
  expect([found.estimate, found.optimism]).toEqual([expect.closeTo(0.9, 12), 0]);
});

test("of several dealings the first counts, which everybody has run", () => {
  const more = { folds: 4, repeats: 2 };
  const whole = [...second, { score: 0.7 }, { score: 0.7 }];
  const found = raceOf([first, whole], more)!;
  expect(found.estimate).toBeCloseTo(0.6, 12);
  // Who ran everything is what the race calls its best.
  expect(found.optimism).toBeCloseTo(0.725 - 0.6, 12);
});

test("one candidate, or none with bags, says nothing", () => {
  expect(raceOf([first])).toBeUndefined();
  expect(raceOf([first, [{ score: 0.5 }, { score: 0.5 }]])).toBeUndefined();
  expect(raceOf([first, [second[0]!, { score: Number.NaN, error: "no" }]])).toBeUndefined();
});
