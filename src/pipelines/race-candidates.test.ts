import { expect, test } from "vitest";
import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Steps } from "../engine/engine.ts";
import type { TryInput } from "../evaluation/try-candidate.ts";
import type { Leaderboard } from "../training/leaderboard.ts";
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
  score?: (input: TryInput) => number;
}) {
  const {
    budgetMs,
    threads,
    journal = new Map(),
    score = ({ candidate }) => candidate.rank / 10,
  } = options;
  const tried: string[] = [];
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
  const outcome = await raceCandidates(deps, { steps, data, plan: plan(budgetMs) });
  return { outcome, tried, board: board!, journal };
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
