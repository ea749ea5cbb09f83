import { expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { type Column, numberColumn, stringColumn } from "../table/table.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import { tryCandidate } from "./try-candidate.ts";

const ROWS = 120;
const rng = random(1);
const x = Array.from({ length: ROWS }, () => rng.normal());
const columns: [string, Column][] = [
  ["x", numberColumn(x)],
  ["y", stringColumn(x.map((v) => (v + rng.normal() > 0 ? "yes" : "no")))],
];
const table = { rows: ROWS, columns: new Map(columns) };
const spec = {
  ...{ model: "m", task: "binary", target: "y", classes: ["no", "yes"], seed: 1, testShare: 0.2 },
  ...{ split: "stratified", metric: "auc", repeats: 2, trainers: [] },
  columns: [{ name: "x", role: "numeric" }],
} as unknown as TrainingSpec;
const linear = (C: number): Candidate => ({
  ...{ id: `linear-${C}`, trainer: "linear", params: { C }, rank: 0 },
});
const input = { spec, data: "sha256:0" as const, folds: 5, maxRows: 1000 };
const deps = {
  ...{ threads: 1, openTeam: undefined, signal: undefined, now: () => 0 },
  loadTable: async () => table,
};

test("candidates share the encodings of a fold, and come to the same without", async () => {
  const kept = new Map<string, unknown>();
  let made = 0;
  const remember = <T>(key: string, make: () => T): T => {
    if (!kept.has(key)) {
      kept.set(key, make());
      made++;
    }
    return kept.get(key) as T;
  };
  for (const C of [0.1, 1]) {
    const asked = { ...input, candidate: linear(C), fold: 1 };
    const shared = await tryCandidate({ ...deps, remember }, asked);
    expect(shared.score).toBeGreaterThan(0.6);
    expect(shared).toEqual(await tryCandidate(deps, asked));
  }
  // What is learned from, what is judged.
  expect(made).toBe(2);
  await tryCandidate({ ...deps, remember }, { ...input, candidate: linear(1), fold: 2 });
  expect(made).toBe(4);
});

test("of few rows the first dealing of the folds leaves its scores bag by bag", async () => {
  const attempt = (fold: number) => tryCandidate(deps, { ...input, candidate: linear(1), fold });
  const { bags } = await attempt(4);
  expect([bags?.inside.length, bags?.outside.length]).toEqual([100, 100]);
  expect((await attempt(5)).bags).toBeUndefined();
});

test("a fit that fails is a trial that says why", async () => {
  const trial = await tryCandidate(deps, {
    ...{ ...input, fold: 0 },
    candidate: { ...linear(1), params: { C: -1 } },
  });
  expect(trial.score).toBeNaN();
  expect(trial.error).toContain("C");
});
