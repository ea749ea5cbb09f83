import { expect, test } from "vitest";
import { type Random, random } from "../lib/random.ts";
import { numberColumn, stringColumn, type Table } from "../table/table.ts";
import { optimismOf } from "../training/optimism.ts";
import { dropAfterRung, roundsForAll, standings, type Trial } from "../training/race.ts";
import { type TrainingData, trainingData, trainingFolds } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { bagScores } from "./bag-scores.ts";
import { auc } from "./metrics/auc.ts";

const [FOLDS, REPEATS, CANDIDATES] = [5, 3, 12];

function open(rows: number, rng: Random, key?: string) {
  const table = {
    rows,
    columns: new Map([
      ["y", stringColumn(Array.from({ length: rows }, () => (rng.next() < 0.4 ? "yes" : "no")))],
      ["who", numberColumn(Array.from({ length: rows }, (_, i) => i % 20))],
    ] as [string, ReturnType<typeof numberColumn>][]),
  } as Table;
  const spec = {
    ...{ task: "binary", target: "y", classes: ["no", "yes"], seed: 3, testShare: 0.2, key },
    ...{ split: "stratified", repeats: REPEATS },
  } as unknown as TrainingSpec;
  return { spec, data: trainingData(spec, table) };
}

/** A race of candidates that know `signal` of the truth, the first of them nothing and the last all of it. */
function race(spec: TrainingSpec, data: TrainingData, rng: Random, signal: number) {
  const folds = trainingFolds(spec, data, FOLDS);
  const candidates = Array.from({ length: CANDIDATES }, (_, rank) => ({
    ...{ id: `c${rank}`, trainer: "t", params: {}, rank },
  }));
  const said = candidates.map(({ rank }) =>
    data.target.map((y) => rng.normal() + (signal * y * rank) / (CANDIDATES - 1)),
  );
  const rules = { better: "higher", folds: folds.length, keep: [], repeats: REPEATS } as const;
  const trials: Trial[] = [];
  const dropped = new Set<string>();
  folds.forEach(({ test }, fold) => {
    for (const { id, rank } of candidates) {
      if (dropped.has(id)) continue;
      // Other folds, another fit.
      const values = Float64Array.from(test, (row) => 0.9 * said[rank]![row]! + 0.4 * rng.normal());
      const scores = { rows: test.length, width: 1, values };
      const target = Float64Array.from(test, (row) => data.target[row]!);
      const bags = fold < FOLDS ? bagScores(auc, scores, test, { data, spec })! : undefined;
      trials.push({
        ...{ candidate: id, fold, score: auc.compute(scores, target), seconds: 1, complexity: 1 },
        ...{ standardError: auc.interval!(scores, target).standardError, error: undefined },
        ...(bags ? { bags } : {}),
      });
    }
    if (fold + 1 < folds.length && fold + 1 >= roundsForAll(rules))
      for (const id of dropAfterRung(standings(candidates, trials, rules, dropped), rules))
        dropped.add(id);
  });
  return optimismOf(standings(candidates, trials, rules, dropped), trials, rules)!;
}

test("where labels are noise the best looks good, and its estimate does not", () => {
  const rng = random(11);
  const found = Array.from({ length: 25 }, () => {
    const { spec, data } = open(120, rng);
    return race(spec, data, rng, 0);
  });
  const mean = (of: (one: (typeof found)[0]) => number) =>
    found.reduce((sum, one) => sum + of(one), 0) / found.length;
  expect(mean(({ estimate, optimism }) => estimate + optimism)).toBeGreaterThan(0.55);
  expect(Math.abs(mean(({ estimate }) => estimate) - 0.5)).toBeLessThan(0.015);
});

test("where some candidates are good, little is luck", () => {
  const rng = random(12);
  const found = Array.from({ length: 6 }, () => {
    const { spec, data } = open(300, rng);
    return race(spec, data, rng, 2);
  });
  const luck = found.reduce((sum, { optimism }) => sum + optimism, 0) / found.length;
  expect(luck).toBeLessThan(0.02);
});

test("rows of one key go into a bag together", () => {
  const { spec, data } = open(200, random(1), "who");
  const all = Uint32Array.from({ length: 200 }, (_, i) => i);
  // A metric that tells whether the rows of each key have one weight.
  const together = {
    ...auc,
    evaluator: () => (weights: Float64Array) =>
      Number(weights.every((w, i) => w === weights[i % 20])),
  };
  const scores = { rows: 200, width: 1, values: new Float64Array(200) };
  const inside = (of: TrainingSpec) => bagScores(together, scores, all, { data, spec: of })!.inside;
  expect(new Set(inside(spec))).toEqual(new Set([1]));
  expect(new Set(inside({ ...spec, key: undefined }))).toEqual(new Set([0]));
});

test("of many rows there are no bags", () => {
  const { spec, data } = open(1300, random(1));
  const scores = { rows: 10, width: 1, values: new Float64Array(10) };
  expect(bagScores(auc, scores, data.test.subarray(0, 10), { data, spec })).toBeUndefined();
});
