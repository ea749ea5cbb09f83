import { describe, expect, test } from "vitest";
import { breadthFirst, choose, dropAfterRung, standings, type Trial } from "./race.ts";
import type { Candidate } from "./training-spec.ts";

const candidate = (trainer: string, place: number, rank: number): Candidate => ({
  ...{ id: `${trainer}-${place}`, trainer, params: {}, rank },
});
const CANDIDATES = [
  candidate("baseline", 1, 0),
  candidate("baseline", 2, 1),
  candidate("linear", 1, 2),
  candidate("linear", 2, 3),
  candidate("gbdt", 1, 4),
  candidate("gbdt", 2, 5),
];
const RULES = { better: "higher", folds: 3, keep: ["baseline"], metric: "auc" } as const;

const trial = (id: string, fold: number, score: number, error?: string): Trial => ({
  ...{ candidate: id, fold, score, seconds: 1, standardError: 0.01, complexity: 10, error },
});
const scored = (scores: Readonly<Record<string, readonly number[]>>): Trial[] =>
  Object.entries(scores).flatMap(([id, all]) => all.map((score, fold) => trial(id, fold, score)));

describe("a race", () => {
  test("starts every trainer's first configuration before anybody's second", () => {
    expect(breadthFirst(CANDIDATES).map((c) => c.id)).toEqual([
      "baseline-1",
      "linear-1",
      "gbdt-1",
      "baseline-2",
      "linear-2",
      "gbdt-2",
    ]);
  });

  test("drops the worse half, but nobody within a standard error of the best, and no baseline", () => {
    const trials = scored({
      "baseline-1": [0.5],
      "baseline-2": [0.6],
      "linear-1": [0.7],
      "linear-2": [0.895],
      "gbdt-1": [0.9],
      "gbdt-2": [0.8],
    });
    const left = dropAfterRung(standings(CANDIDATES, trials, RULES), RULES);
    expect(left.toSorted()).toEqual(["gbdt-2", "linear-1"]);
  });

  test("chooses the simplest within one standard error of the paired differences", () => {
    const trials = scored({
      "linear-1": [0.79, 0.86, 0.81],
      "linear-2": [0.7, 0.71, 0.7],
      "gbdt-1": [0.8, 0.85, 0.83],
    });
    const choice = choose(standings(CANDIDATES, trials, RULES), trials, RULES);
    expect(choice?.best.candidate.id).toBe("gbdt-1");
    expect(choice?.winner.candidate.id).toBe("linear-1");
    expect(choice?.reason).toContain("simpler than the best, gbdt-1");
  });

  test("a constant lead counts, however small", () => {
    const trials = scored({ "linear-1": [0.79, 0.85, 0.82], "gbdt-1": [0.8, 0.86, 0.83] });
    const choice = choose(standings(CANDIDATES, trials, RULES), trials, RULES);
    expect(choice?.winner.candidate.id).toBe("gbdt-1");
  });

  test("a failed candidate is never chosen, and one with fewer folds than another neither", () => {
    const trials = [
      ...scored({ "linear-1": [0.7, 0.72], "gbdt-2": [0.99] }),
      trial("gbdt-1", 0, Number.NaN, "no memory"),
    ];
    const choice = choose(standings(CANDIDATES, trials, RULES), trials, RULES);
    expect(choice?.winner.candidate.id).toBe("linear-1");
  });
});
