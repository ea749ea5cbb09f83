import { expect, test } from "vitest";
import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Steps } from "../engine/engine.ts";
import { raceNotes } from "../evaluation/race-notes.ts";
import type { TryInput } from "../evaluation/try-candidate.ts";
import type { Leaderboard } from "../training/leaderboard.ts";
import type { Trial } from "../training/race.ts";
import type { TrainingPlan } from "./plan-training.ts";
import { raceCandidates } from "./race-candidates.ts";

const candidates = ["baseline-1", "linear-1", "gbdt-1", "gbdt-2", "gbdt-3"].map((id, rank) => ({
  ...{ id, trainer: id.split("-")[0]!, params: {}, rank },
}));
const plan = (budgetMs: number) =>
  ({
    spec: { metric: "auc", task: "binary", budgetMs },
    ...{ candidates, folds: 3, foldCount: 3, splitReason: "", trainRows: 80, testRows: 20 },
  }) as unknown as TrainingPlan;
const data = { id: "sha256:0", data: "sha256:0" } as unknown as DatasetVersion;

/** Each fit takes ten seconds; `score` says what it is worth, NaN that it fails. */
async function race(options: {
  budgetMs: number;
  threads: number;
  journal?: Map<string, unknown>;
  plan?: Partial<TrainingPlan>;
  score?: (input: TryInput) => number;
}) {
  const {
    budgetMs,
    threads,
    journal = new Map(),
    score = ({ candidate }) => candidate.rank / 10,
  } = options;
  const tried: string[] = [];
  const told: [string, readonly Trial[]][] = [];
  let board: Leaderboard | undefined;
  let nowMs = 0;
  const deps = {
    threads,
    compute: {
      async run(_: string, input: TryInput) {
        tried.push(`${input.candidate.id}/${input.fold}`);
        const value = score(input);
        nowMs += 10_000 / threads;
        return {
          ...{ candidate: input.candidate.id, fold: input.fold, score: value, seconds: 10 },
          ...{ standardError: 0.001, complexity: 1 },
          error: Number.isNaN(value) ? "too few rows" : undefined,
        };
      },
    },
    blobs: {
      async put(bytes: Uint8Array) {
        board = JSON.parse(new TextDecoder().decode(bytes));
        return "sha256:1";
      },
    },
    clock: { now: () => nowMs },
  } as unknown as Parameters<typeof raceCandidates>[0];

  const steps = {
    async step<T>(name: string, body: (context: unknown) => Promise<T>): Promise<T> {
      if (!journal.has(name))
        journal.set(
          name,
          JSON.parse(JSON.stringify(await body({ signal: { aborted: false }, progress() {} }))),
        );
      return journal.get(name) as T;
    },
  } as unknown as Steps;
  const outcome = await raceCandidates(deps, {
    ...{ steps, data, plan: { ...plan(budgetMs), ...options.plan } },
    onRaced: async (part, raced) => told.push([part, raced.flatMap(({ results }) => results)]),
  });
  return { outcome, tried, board: board!, journal, told };
}

test("everybody runs the first round, the better half the others", async () => {
  const { outcome, tried, board } = await race({ budgetMs: 1e9, threads: 2 });
  expect(tried.filter((name) => name.endsWith("/0"))).toHaveLength(5);
  expect(tried.filter((name) => name.endsWith("/2")).sort()).toEqual([
    "baseline-1/2",
    "gbdt-2/2",
    "gbdt-3/2",
  ]);
  expect(outcome.winner.id).toBe("gbdt-3");
  expect(board).toMatchObject({ winner: "gbdt-3", notTried: 0 });
});

test("the baselines and one real candidate are tried whatever the budget", async () => {
  const { tried, board } = await race({ budgetMs: 0, threads: 1 });
  expect(tried).toEqual(["baseline-1/0", "linear-1/0", "gbdt-1/0"]);
  expect(board.notTried).toBe(2);
});

test("who takes the run over with another number of threads comes to the same steps", async () => {
  const first = await race({ budgetMs: 45_000, threads: 4 });
  const second = await race({ budgetMs: 45_000, threads: 1, journal: first.journal });
  expect(second.tried).toEqual([]);
  expect(second.outcome).toEqual(first.outcome);
  expect(second.board).toEqual(first.board);
});

test("who fails is out; when all fail the reasons are said", async () => {
  const some = (input: TryInput) =>
    input.candidate.id === "gbdt-3" ? Number.NaN : input.candidate.rank / 10;
  expect((await race({ budgetMs: 1e9, threads: 2, score: some })).outcome.winner.id).toBe("gbdt-2");
  await expect(race({ budgetMs: 1e9, threads: 2, score: () => Number.NaN })).rejects.toThrow(
    "No candidate could be fitted. baseline-1: too few rows",
  );
});

/** Boosting is best at a learning rate of 0.1 and a depth of 5, and better than all else. */
const hills = ({ candidate: { trainer, params }, fold }: TryInput): number => {
  if (trainer !== "gbdt") return trainer === "baseline" ? 0.5 : 0.6;
  const { learningRate = 0.3, maxDepth = 10 } = params as Partial<Record<string, number>>;
  return (
    0.9 - 0.05 * Math.abs(Math.log(learningRate / 0.1)) - 0.01 * Math.abs(maxDepth - 5) + fold / 100
  );
};
const searching = (search: { trials?: number; cpuSeconds?: number }, budgetMs = 1e12) => ({
  spec: {
    ...{
      metric: "auc",
      task: "binary",
      budgetMs,
      seed: 7,
      trainers: ["baseline", "linear", "gbdt"],
    },
    search,
  } as unknown as TrainingPlan["spec"],
  shape: { task: "binary", rows: 5000, width: 10, outputs: 1, bagFeatures: 0 } as const,
});
const rows = (board: Leaderboard, trainer: string) =>
  board.rows.filter((row) => row.trainer === trainer);

test("a search of so many trials tries so many, comes near the best place, and drops early who is worse", async () => {
  const plan = searching({ trials: 44 });
  const { board, tried, told, outcome } = await race({
    budgetMs: 0,
    threads: 2,
    plan,
    score: hills,
  });
  expect(board.rows.filter(({ trainer }) => trainer !== "baseline")).toHaveLength(44);
  expect(board.search).toEqual({ proposed: 40, rounds: 5, ended: "44 trials were asked for" });
  expect(new Set(board.rows.map(({ candidate }) => candidate)).size).toBe(45);
  expect(rows(board, "gbdt").length).toBeGreaterThan(20);
  expect(board.rows[0]!.mean).toBeGreaterThan(0.87);
  expect(outcome.winner.trainer).toBe("gbdt");
  // Most are worse after one fold and do not run the other two.
  expect(tried.length).toBeLessThan(2 * 44);
  expect(told.map(([part]) => part)).toEqual(["race", ...[1, 2, 3, 4, 5].map((n) => `round ${n}`)]);
  expect(told.flatMap(([, trials]) => trials)).toHaveLength(tried.length);
});

test("who takes a search over repeats the round in flight, and comes to the same", async () => {
  const plan = searching({ trials: 28 });
  const whole = await race({ budgetMs: 0, threads: 4, plan, score: hills });
  const kept = new Map([...whole.journal].filter(([name]) => !/round [34]/.test(name)));
  const rest = await race({ budgetMs: 0, threads: 1, plan, score: hills, journal: kept });
  expect(rest.tried.length).toBeLessThan(whole.tried.length / 2);
  expect(rest.outcome).toEqual(whole.outcome);
  expect(rest.board).toEqual(whole.board);
});

test("a search ends with its time, with its money, or when it brings nothing better", async () => {
  const ended = async (plan: Partial<TrainingPlan>, score = hills) =>
    (await race({ budgetMs: 0, threads: 1, plan, score })).board.search?.ended;
  expect(await ended(searching({}, 200_000))).toBe("the time was used up");
  expect(await ended(searching({ cpuSeconds: 300 }))).toBe("the money was used up");
  expect(await ended(searching({}), ({ candidate }) => candidate.rank / 10)).toBe(
    "4 rounds brought nothing better",
  );
});

test("where folds are dealt several times, everybody runs the first dealing", async () => {
  const { spec, shape } = searching({ trials: 12 });
  const dealt = { shape, folds: 6, spec: { ...spec, repeats: 2 } };
  const { tried } = await race({ budgetMs: 0, threads: 2, plan: dealt, score: hills });
  const runs = (fold: number) => tried.filter((name) => name.endsWith(`/${fold}`)).length;
  expect(runs(0)).toBeGreaterThan(12);
  expect([runs(1), runs(2)]).toEqual([runs(0), runs(0)]);
  expect(runs(3)).toBeLessThan(runs(0));
});

test("who was left out stands on the leaderboard", async () => {
  const leftOut = "forest: it cannot.";
  const { board } = await race({ budgetMs: 1e9, threads: 2, plan: { leftOut } });
  expect(board.leftOut).toBe(leftOut);
  const evaluation = {} as unknown as Parameters<typeof raceNotes>[1];
  expect(raceNotes(board, evaluation)).toContainEqual({ about: "left out", words: leftOut });
});

test("whoever asks for no search gets none", async () => {
  const { board, journal } = await race({ budgetMs: 1e9, threads: 2 });
  expect(board.search).toBeUndefined();
  expect([...journal.keys()].filter((name) => name.startsWith("search"))).toEqual([]);
});
