import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leaderboard } from "./leaderboard.ts";
import {
  breadthFirst,
  choose,
  dropAfterRung,
  type RaceRules,
  standings,
  type Trial,
} from "./race.ts";
import type { Candidate } from "./training-spec.ts";

const candidate = (rank: number, trainer = "gbdt"): Candidate => ({
  ...{ id: `${trainer}-${rank}`, trainer, params: {}, rank },
});
const trial = (of: Candidate, fold: number, score: number, more: Partial<Trial> = {}): Trial => ({
  ...{ candidate: of.id, fold, score, seconds: 1, standardError: 0.01 },
  ...{ complexity: 10, error: undefined },
  ...more,
});
const failed = (of: Candidate, fold: number): Trial =>
  trial(of, fold, Number.NaN, { standardError: Number.NaN, complexity: 0, error: "too few rows" });
const rules = (folds: number, better: "higher" | "lower" = "higher") => ({
  ...{ better, folds, keep: ["baseline"], metric: "auc" },
});
const ids = (list: readonly { readonly candidate: Candidate }[]) => list.map((s) => s.candidate.id);
const chosen = (
  all: readonly Candidate[],
  trials: readonly Trial[],
  by: RaceRules & { metric: string },
) => choose(standings(all, trials, by), trials, by);

describe("standings", () => {
  const [a, b, c, d] = [0, 1, 2, 3].map((rank) => candidate(rank));

  test("order by rounds, then by mean in the metric's direction", () => {
    const trials = [trial(a!, 0, 0.7), trial(b!, 0, 0.9), trial(c!, 0, 0.6), trial(c!, 1, 0.6)];
    expect(ids(standings([a!, b!, c!, d!], trials, rules(2)))).toEqual([
      ...["gbdt-2", "gbdt-1", "gbdt-0", "gbdt-3"],
    ]);
    expect(ids(standings([a!, b!], trials.slice(0, 2), rules(1, "lower")))).toEqual([
      ...["gbdt-0", "gbdt-1"],
    ]);
  });

  test("say who failed and why, who was not tried, who was dropped, who is through", () => {
    const trials = [
      trial(a!, 0, 0.7),
      trial(a!, 1, 0.7),
      trial(b!, 0, 0.9),
      failed(b!, 1),
      trial(c!, 0, 0.1),
    ];
    const found = new Map(
      standings([a!, b!, c!, d!], trials, rules(2), new Set([c!.id])).map((s) => [
        s.candidate.id,
        s,
      ]),
    );
    expect([a, b, c, d].map((x) => found.get(x!.id)?.state)).toEqual([
      ...["finished", "failed", "dropped", "not tried"],
    ]);
    expect(found.get(b!.id)?.error).toBe("too few rows");
    expect(found.get(d!.id)?.mean).toBeNaN();
  });

  test("do not depend on the order in which results came", () => {
    const all = [a!, b!, c!, d!];
    const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: 12,
      maxLength: 12,
    });
    fc.assert(
      fc.property(scores, fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), (values, keys) => {
        const trials = values.map((score, i) => trial(all[i % 4]!, Math.floor(i / 4), score));
        const shuffled = trials
          .map((t, i) => ({ t, key: keys[i]! }))
          .sort((x, y) => x.key - y.key)
          .map(({ t }) => t);
        const by = rules(3);
        expect(standings(all, shuffled, by)).toEqual(standings(all, trials, by));
        expect(chosen(all, shuffled, by)).toEqual(chosen(all, trials, by));
      }),
    );
  });

  test("are the same after a journal has made null of NaN", () => {
    const all = [a!, b!];
    const trials = [trial(a!, 0, 0.7, { standardError: Number.NaN }), failed(b!, 0)];
    const journaled = JSON.parse(JSON.stringify(trials)) as Trial[];
    expect(standings(all, journaled, rules(2))).toEqual(standings(all, trials, rules(2)));
  });
});

describe("after a rung", () => {
  const all = [
    ...Array.from({ length: 6 }, (_, rank) => candidate(rank)),
    candidate(6, "baseline"),
  ];
  const scores = [0.9, 0.895, 0.8, 0.891, 0.6, 0.5, 0.1];
  const trials = all.map((c, i) => trial(c, 0, scores[i]!));

  test("the worse half leaves, except who is within a standard error of the best; baselines stay", () => {
    expect(dropAfterRung(standings(all, trials, rules(5)), rules(5))).toEqual([
      "gbdt-2",
      "gbdt-4",
      "gbdt-5",
    ]);
    const near = trials.map((t, i) => (i === 4 ? { ...t, score: 0.8905 } : t));
    expect(dropAfterRung(standings(all, near, rules(5)), rules(5))).toEqual(["gbdt-2", "gbdt-5"]);
  });

  test("lower is better where the metric says so", () => {
    expect(dropAfterRung(standings(all, trials, rules(5, "lower")), rules(5, "lower"))).toEqual([
      ...["gbdt-3", "gbdt-1", "gbdt-0"],
    ]);
  });

  test("two are never parted", () => {
    expect(
      dropAfterRung(standings(all.slice(0, 2), trials.slice(0, 2), rules(5)), rules(5)),
    ).toEqual([]);
  });
});

describe("the choice", () => {
  const [simple, middle, complex] = [0, 1, 2].map((rank) => candidate(rank));

  test("is the simplest within one standard error of the best, paired over rounds", () => {
    const trials = [0, 1, 2].flatMap((fold) => [
      trial(simple!, fold, 0.8 + 0.05 * fold),
      trial(middle!, fold, 0.899 + 0.05 * fold + (fold === 1 ? 0.004 : 0)),
      trial(complex!, fold, 0.9 + 0.05 * fold),
    ]);
    const choice = chosen([simple!, middle!, complex!], trials, rules(3));
    expect(choice?.winner.candidate.id).toBe("gbdt-1");
  });

  test("is the best when nothing simpler comes near, and says so", () => {
    const trials = [0, 1, 2].flatMap((fold) => [
      trial(simple!, fold, 0.8 + 0.001 * fold),
      trial(complex!, fold, 0.9),
    ]);
    const choice = chosen([simple!, complex!], trials, rules(3));
    expect(choice?.winner.candidate.id).toBe("gbdt-2");
    expect(choice?.reason).toContain("has the best auc (0.9 ± 0 over 3 folds)");
  });

  test("with one round uses the round's own standard error", () => {
    const trials = [trial(simple!, 0, 0.895), trial(complex!, 0, 0.9)];
    expect(chosen([simple!, complex!], trials, rules(3))?.winner.candidate.id).toBe("gbdt-0");
  });

  test("passes over who failed, also in a later round", () => {
    const trials = [trial(simple!, 0, 0.7), trial(complex!, 0, 0.9), failed(complex!, 1)];
    expect(chosen([simple!, complex!], trials, rules(2))?.winner.candidate.id).toBe("gbdt-0");
  });

  test("does not exist when nothing could be fitted", () => {
    expect(chosen([simple!, middle!], [failed(simple!, 0)], rules(2))).toBeUndefined();
  });

  test("stands on the leaderboard with intervals that are numbers or null", () => {
    const trials = [trial(simple!, 0, 0.7), failed(middle!, 0)];
    const all = [simple!, middle!, complex!];
    const current = standings(all, trials, rules(1));
    const about = {
      better: "higher",
      folds: 1,
      split: "",
      dataset: "sha256:0",
      metric: "auc",
    } as const;
    const board = leaderboard(current, choose(current, trials, rules(1))!, {
      ...{ ...about, trainedRows: 80, testRows: 20 },
    });
    expect(board).toMatchObject({ winner: "gbdt-0", notTried: 1 });
    expect(board.rows.map(({ mean }) => mean)).toEqual([0.7, null, null]);
    expect(JSON.parse(JSON.stringify(board)).rows[0].low).toBeCloseTo(0.6804, 4);
  });
});

test("a race starts every trainer's first configuration before anybody's second", () => {
  const all = ["baseline", "baseline", "linear", "linear", "gbdt"].map((trainer, rank) =>
    candidate(rank, trainer),
  );
  expect(breadthFirst(all).map((c) => c.id)).toEqual([
    ...["baseline-0", "linear-2", "gbdt-4", "baseline-1", "linear-3"],
  ]);
});
