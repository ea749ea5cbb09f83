import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { random } from "../../lib/random.ts";
import { threadTeam } from "../../testing/thread-team.ts";
import {
  digest,
  largestDifference,
  runModel,
  trainerContract,
} from "../../testing/trainer-contract.ts";
import type { Design } from "../encoding/encoding.ts";
import type { FitInput } from "../trainer.ts";
import { gbdtMember } from "../trees/boost-member.ts";
import { gbdt } from "./gbdt.ts";

const openTeam = threadTeam("src/training/trees/boost-member.ts", "gbdtMember", gbdtMember);
type Params = z.output<typeof gbdt.params>;

// Gradients are rounded by chance, row by row: a near tie between two splits may fall the other way.
trainerContract(gbdt, {
  params: { rounds: 40, patience: 0, maxDepth: 4 },
  weightTolerance: 0.01,
  openTeam,
});

const designOf = (width: number, dense: Float32Array): Design => ({
  rows: dense.length / width,
  width,
  dense,
  names: Array.from({ length: width }, (_, j) => `x${j}`),
  bags: [],
});
const noise = (rows: number, width: number, seed: number) => {
  const rng = random(seed);
  return designOf(
    width,
    Float32Array.from({ length: rows * width }, () => rng.normal()),
  );
};
const column = ({ rows, width, dense }: Design, j: number) =>
  Float64Array.from({ length: rows }, (_, i) => dense[i * width + j]!);
const variance = (values: Float64Array) => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
};
const learn = (
  design: Design,
  target: Float64Array,
  params: Partial<Params> = {},
  more: Partial<FitInput<Params>> = {},
) =>
  gbdt.fit({
    ...{ design, target, task: "regression", classes: 0, seed: 1 },
    params: gbdt.params.parse({ rounds: 30, patience: 0, ...params }),
    ...more,
  });

describe("gbdt", () => {
  test("real threads give the bytes of one, with sampling, many columns and missing cells", () => {
    const [rows, width] = [2400, 150];
    const design = noise(rows, width, 3);
    const rng = random(4);
    for (let i = 0; i < design.dense.length; i++)
      if (rng.next() < 0.05) design.dense[i] = Number.NaN;
    const target = column(design, 0).map((x, i) => ((x || 0) + rng.normal() * (i % 3) > 0 ? 1 : 0));
    const params = { rounds: 4, rowSample: 0.7, columnSample: 0.5 };
    const bytes = [1, 2, 3].map((threads) => {
      const task = { task: "binary", classes: 2, threads, openTeam } as const;
      return digest(learn(design, target, params, task), design, "binary", 2);
    });
    expect(bytes[1]).toEqual(bytes[0]);
    expect(bytes[2]).toEqual(bytes[0]);
  });

  test("columns that share a histogram are split like others", () => {
    const [rows, narrow, duds, rare] = [24_000, 9, 40, 200];
    const rng = random(5);
    const width = narrow + duds;
    // A dud has so many values that it shares with few, and no split of it leaves a side with enough rows.
    const dense = new Float32Array(rows * width);
    for (let j = narrow; j < width; j++)
      for (let k = 0; k < rare; k++) dense[rng.int(rows) * width + j] = k - rare / 2;
    const target = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      const x = Array.from({ length: narrow }, (_, j) => Math.round(rng.normal() * (j % 3)));
      for (const j of [2, 3, 4]) if (rng.next() < 0.2 * j) x[j] = Number.NaN;
      x[0] = Number(rng.next() < 0.03);
      x[6] = (x[1]! + 5) ** 2;
      target[i] = x[1]! + x[0] * 3 + Math.sin(x[5]!) + (x[4]! || 1) * (x[7]! > 0 ? 1 : 0) - x[8]!;
      target[i]! += rng.normal();
      dense.set(x, i * width);
    }
    const alone = designOf(
      narrow,
      Float32Array.from({ length: rows * narrow }, (_, at) => {
        return dense[Math.floor(at / narrow) * width + (at % narrow)]!;
      }),
    );
    const among = designOf(width, dense);
    const params: Partial<Params> = { minChildWeight: rare + 50, rowSample: 0.9, rounds: 8 };
    for (const monotone of [{}, { x1: 1, x4: 1, x8: -1 } as const]) {
      const values = (design: Design, threads: number) =>
        learn(design, target, { ...params, monotone }, { threads, openTeam }).predict(design)
          .values;
      const expected = values(among, 1);
      for (const threads of [1, 2]) expect(values(alone, threads)).toEqual(expected);
      const residual = target.map((y, i) => y - expected[i]!);
      expect(variance(residual)).toBeLessThan(0.8 * variance(target));
    }
  });

  test("the order of columns does not matter", () => {
    const design = noise(500, 6, 5);
    const target = column(design, 0).map((x, i) => x * 2 - column(design, 3)[i]! ** 2);
    const order = [4, 2, 0, 5, 3, 1];
    const turned = designOf(
      6,
      design.dense.map((_, at) => design.dense[at - (at % 6) + order[at % 6]!]!),
    );
    const a = learn(design, target).predict(design).values;
    const b = learn(turned, target).predict(turned).values;
    expect(largestDifference(a, b)).toBeLessThan(1e-6);
  });

  test("being missing can be all that matters, in TypeScript and in ONNX", async () => {
    const design = noise(400, 2, 6);
    const target = Float64Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 5 : -1));
    for (let i = 0; i < 400; i += 4) design.dense[i * 2] = Number.NaN;
    const model = learn(design, target, { rounds: 60, lambda: 0, learningRate: 0.5 });
    const edge = designOf(2, Float32Array.of(NaN, 0, 3e38, 0, -3e38, 0, Infinity, 0, -Infinity, 0));
    const { values } = model.predict(edge);
    for (const [i, want] of [5, -1, -1, -1, -1].entries()) expect(values[i]).toBeCloseTo(want, 3);
    const { data } = await runModel(model, edge, "regression", 0);
    expect(largestDifference(values, data)).toBeLessThan(1e-5);
  });

  test("a missing value never seen in training goes with the larger side", () => {
    const design = designOf(
      1,
      Float32Array.from({ length: 100 }, (_, i) => (i < 30 ? 0 : 1)),
    );
    const model = learn(design, column(design, 0), { rounds: 200 });
    expect(model.predict(designOf(1, Float32Array.of(NaN))).values[0]).toBeCloseTo(1, 2);
  });

  test("rows of weight 0 do not count", () => {
    const design = noise(300, 3, 7);
    const target = column(design, 0).map((x, i) => (i < 200 ? x : 1000));
    const weights = target.map((_, i) => (i < 200 ? 1 : 0));
    const first = designOf(3, design.dense.slice(0, 600));
    const a = learn(design, target, { maxBins: 255 }, { weights }).predict(first).values;
    const b = learn(first, target.slice(0, 200)).predict(first).values;
    // Cuts see all rows, so only nearly the same.
    expect(largestDifference(a, b)).toBeLessThan(0.5);
  });

  test("it stops early on the validation rows it is given, or on some of its own", () => {
    const design = noise(600, 5, 8);
    const rng = random(9);
    const target = column(design, 0).map((x) => (x + 2 * rng.normal() > 0 ? 1 : 0));
    const held = noise(300, 5, 10);
    const truth = column(held, 0).map((x) => (x + 2 * rng.normal() > 0 ? 1 : 0));
    const task = { task: "binary", classes: 2 } as const;
    const params = { rounds: 500, patience: 10 };
    const given = learn(design, target, params, {
      ...task,
      validation: { design: held, target: truth },
    });
    const own = learn(design, target, params, task);
    for (const { summary } of [given, own]) {
      const { rounds, heldOutLoss } = summary as { rounds: number; heldOutLoss: number };
      expect(rounds).toBeLessThan(100);
      expect(heldOutLoss).toBeLessThan(Math.log(2));
    }
    const trees = (given.summary as { trees: number }).trees;
    expect(trees).toBe((given.summary as { rounds: number }).rounds);
  });

  test("monotone columns keep their direction, whatever the data", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const design = noise(80, 3, seed);
        const target = column(design, 0).map((x, i) => Math.sin(3 * x) + column(design, 1)[i]!);
        const model = learn(design, target, { monotone: { x0: 1, x2: -1 }, maxDepth: 5 });
        for (const [j, sign] of [
          [0, 1],
          [2, -1],
        ] as const) {
          const line = Float32Array.from({ length: 150 }, (_, at) =>
            at % 3 === j ? Math.floor(at / 3) / 10 - 2.5 : 0.3,
          );
          const { values } = model.predict(designOf(3, line));
          for (let i = 1; i < 50; i++)
            expect(sign * (values[i]! - values[i - 1]!)).toBeGreaterThanOrEqual(-1e-9);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("a monotone constraint on no column is refused by name", () => {
    const design = noise(20, 2, 1);
    expect(() => learn(design, column(design, 0), { monotone: { price: 1 } })).toThrow(
      /monotone names "price".*x0, x1/,
    );
  });

  test("absolute and Huber loss do not follow outliers", () => {
    const design = noise(1000, 2, 11);
    const clean = column(design, 0).map((x) => 10 * x);
    const target = clean.map((y, i) => (i % 20 === 0 ? y + 5000 : y));
    const error = (loss: Params["loss"]) => {
      const { values } = learn(design, target, { loss, rounds: 100, maxDepth: 3 }).predict(design);
      const errors = values.map((v, i) => Math.abs(v - clean[i]!)).sort();
      return errors[500]!;
    };
    expect(error("absolute")).toBeLessThan(2);
    expect(error("huber")).toBeLessThan(2);
    expect(error("squared")).toBeGreaterThan(20);
  });

  test("targets far from 0 keep their digits", async () => {
    const design = noise(500, 2, 12);
    const target = column(design, 0).map((x) => 1e6 + x);
    const model = learn(design, target, { rounds: 100 });
    const { values } = model.predict(design);
    expect(largestDifference(values, target)).toBeLessThan(0.6);
    const { data } = await runModel(model, design, "regression", 0);
    expect(largestDifference(values, data) / 1e6).toBeLessThan(1e-6);
  });

  test("progress rises to 1", () => {
    const design = noise(400, 2, 13);
    const seen: number[] = [];
    learn(
      design,
      column(design, 0),
      { patience: 5, rounds: 40 },
      { onProgress: (f) => seen.push(f) },
    );
    for (let i = 1; i < seen.length; i++) expect(seen[i]).toBeGreaterThanOrEqual(seen[i - 1]!);
    expect(seen.at(-1)).toBeCloseTo(1, 6);
  });

  test("the column that matters has the importance", () => {
    const design = noise(500, 4, 14);
    const shares = learn(design, column(design, 2)).importance(design);
    expect(shares.get("x2")).toBeGreaterThan(0.95);
  });
});
