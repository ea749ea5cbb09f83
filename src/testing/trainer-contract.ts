import { describe, expect, test } from "vitest";
import type { OpenTeam } from "../engine/compute.ts";
import { digestOf } from "../lib/digest.ts";
import { type Random, random } from "../lib/random.ts";
import type { Target, Task } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { graph } from "../onnx/graph.ts";
import type { Bag, Design, EmittedDesign } from "../training/encoding/encoding.ts";
import type { FitInput, FittedModel, Trainer } from "../training/trainer.ts";
import { type OnnxFeed, runOnnx } from "./run-onnx.ts";

export interface ContractOptions<P> {
  /** Parameters for the suite's small data (a few hundred rows): fast ones. Defaults of the schema when absent. */
  readonly params?: Partial<P>;
  /** False for trainers that need not beat a constant. */
  readonly learns?: boolean;
  /** Set where weights do exactly what repeated rows do only under some parameters (say, no bootstrap): those. */
  readonly weightParams?: Partial<P>;
  /** Set where chance is drawn row by row, so that repeated rows are close, not equal: how far a score may be off. */
  readonly weightTolerance?: number;
  /** Given: fits with 2 and 3 threads must give the bytes of a fit with 1. */
  readonly openTeam?: OpenTeam;
}

/** What every trainer must do. Call it in the trainer's test file. */
export function trainerContract<P>(trainer: Trainer<P>, options: ContractOptions<P> = {}): void {
  const params = trainer.params.parse({ ...options.params });
  const learn = (data: Sample, more: Partial<FitInput<P>> = {}): FittedModel =>
    trainer.fit({ ...data, params, seed: 1, ...more });
  const sample = (task: Task, rows: number, seed = 1) => makeSample(trainer, task, rows, seed);

  describe(`${trainer.name} keeps the contract of trainers`, () => {
    test("its parameters all have defaults and its portfolio is valid", () => {
      expect(trainer.params.safeParse({}).success).toBe(true);
      for (const task of trainer.tasks)
        for (const rows of [30, 2000, 100_000]) {
          const shape = { task, rows, width: 10, outputs: 1, bagFeatures: 0 };
          const portfolio = trainer.portfolio(shape);
          expect(portfolio.length).toBeGreaterThan(0);
          for (const p of portfolio) expect(trainer.params.parse(p)).toEqual(p);
        }
    });

    for (const task of trainer.tasks) {
      test(`${task}: scores have the right shape, and the ONNX file gives the same`, async () => {
        const data = sample(task, 400);
        const held = sample(task, 200, 2);
        const model = learn(data);
        const scores = model.predict(held.design);
        const width = task === "multiclass" ? data.classes : 1;
        expect([scores.rows, scores.width, scores.values.length]).toEqual([
          200,
          width,
          200 * width,
        ]);
        if (task !== "regression")
          for (const p of scores.values) expect(p >= 0 && p <= 1).toBe(true);
        if (task === "multiclass")
          for (let i = 0; i < 200; i++)
            expect(sum(scores.values.subarray(i * width, (i + 1) * width))).toBeCloseTo(1, 6);
        const { dims, data: got } = await runModel(model, held.design, task, data.classes);
        const want = asOutput(scores.values, task);
        expect(dims).toEqual([200, want.length / 200]);
        const size = want.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
        expect(largestDifference(want, got) / size).toBeLessThanOrEqual(1e-5);
        expect(model.complexity).toBeGreaterThanOrEqual(0);
        JSON.stringify(model.summary);
      });

      test(`${task}: the same seed gives the same bytes, for any number of threads`, () => {
        const data = sample(task, 300);
        const bytes = (threads: number) =>
          digest(
            learn(data, options.openTeam ? { threads, openTeam: options.openTeam } : { threads }),
            data.design,
            task,
            data.classes,
          );
        const one = bytes(1);
        expect(bytes(1)).toEqual(one);
        for (const threads of options.openTeam ? [2, 3] : []) expect(bytes(threads)).toEqual(one);
      });

      test(`${task}: importances are shares of known columns`, () => {
        const data = sample(task, 300);
        const shares = learn(data).importance(data.design);
        const known = [...data.design.names, ...data.design.bags.map((b) => b.name)];
        for (const [name, share] of shares) {
          expect(known).toContain(name);
          expect(share).toBeGreaterThanOrEqual(0);
        }
        expect(sum([...shares.values()])).toBeCloseTo(1, 6);
      });

      if (options.learns !== false)
        test(`${task}: it predicts new rows better than a constant`, () => {
          const data = sample(task, 600);
          const held = sample(task, 300, 2);
          const scores = learn(data).predict(held.design).values;
          expect(loss(scores, held, task)).toBeLessThan(0.9 * constantLoss(data, held, task));
        });

      test(`${task}: integer weights do what repeated rows do`, () => {
        const data = sample(task, 120);
        const weights = Float64Array.from(data.target, (_, i) => 1 + (i % 3));
        const rows = Array.from(weights, (w, i) => Array<number>(w).fill(i)).flat();
        const repeated = {
          ...data,
          design: takeRows(data.design, rows),
          target: valuesAt(data.target, rows),
        };
        const more = {
          params: trainer.params.parse({ ...options.params, ...options.weightParams }),
        };
        const a = learn(data, { weights, ...more }).predict(data.design).values;
        const b = learn(repeated, more).predict(data.design).values;
        const tolerance = options.weightTolerance ?? 1e-5;
        expect(largestDifference(a, b)).toBeLessThanOrEqual(tolerance);
      });

      test(`${task}: few, repeated and extreme rows give finite scores`, () => {
        const tiny = sample(task, 6);
        expect(allFinite(learn(tiny).predict(tiny.design).values)).toBe(true);
        const base = sample(task, 40);
        const rows = Array.from({ length: 400 }, (_, i) => i % 40);
        const repeated = {
          ...base,
          design: takeRows(base.design, rows),
          target: valuesAt(base.target, rows),
        };
        expect(allFinite(learn(repeated).predict(base.design).values)).toBe(true);
        const wild = base.design.dense.map((x, i) => (i % 7 === 0 ? 3e37 * Math.sign(x || 1) : x));
        const extreme = { ...base, design: { ...base.design, dense: wild } };
        expect(allFinite(learn(extreme).predict(extreme.design).values)).toBe(true);
      });

      test(`${task}: a constant column changes nothing that matters`, () => {
        const data = sample(task, 300);
        const wider = withConstantColumn(data.design);
        const a = learn(data).predict(data.design).values;
        const b = learn({ ...data, design: wider }).predict(wider).values;
        expect(largestDifference(a, b)).toBeLessThanOrEqual(task === "regression" ? 0.05 : 0.02);
      });
    }

    test("a target that never changes is learned or refused, not mangled", () => {
      for (const task of trainer.tasks) {
        const data = sample(task, 60);
        const target = data.target.map(() => 1);
        try {
          const { values, width } = learn({ ...data, target }).predict(data.design);
          for (let i = 0; i < 60; i++)
            if (task === "regression") expect(values[i]).toBeCloseTo(1, 3);
            else expect(values[i * width + (width > 1 ? 1 : 0)]).toBeGreaterThan(0.9);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid_data" });
        }
      }
    });

    test("an aborted fit stops as cancelled", () => {
      const data = sample(trainer.tasks[0]!, 300);
      const stopped = () => learn(data, { signal: { aborted: true } });
      if (options.learns !== false) expect(stopped).toThrow(/cancelled/);
    });
  });
}

interface Sample {
  readonly design: Design;
  readonly target: Target;
  readonly task: Task;
  readonly classes: number;
}

/** Rows whose target depends on two numbers, an interaction and (smooth style) a category. Tree style has missing cells. */
function makeSample(
  trainer: Trainer<never> | Trainer<unknown>,
  task: Task,
  rows: number,
  seed: number,
): Sample {
  const rng = random(`contract/${seed}`);
  const width = 5;
  const smooth = trainer.style === "smooth";
  const dense = Float32Array.from({ length: rows * width }, () => rng.normal());
  const kinds = Uint32Array.from({ length: rows }, () => rng.int(4));
  const signal = Float64Array.from({ length: rows }, (_, i) => {
    const x = dense.subarray(i * width, (i + 1) * width);
    return 2 * x[0]! - 1.5 * x[1]! + x[0]! * x[2]! + (smooth ? kinds[i]! - 1.5 : 0);
  });
  if (!smooth) for (let i = 0; i < dense.length; i++) if (rng.next() < 0.08) dense[i] = Number.NaN;
  const classes = task === "regression" ? 0 : task === "binary" ? 2 : 3;
  const target = signal.map((s, i) => {
    const noisy = s + 0.5 * rng.normal();
    // The first rows have every class, so that small samples do too.
    if (task !== "regression" && i < classes) return i;
    if (task === "binary") return noisy > 0 ? 1 : 0;
    return task === "multiclass" ? (noisy < -1 ? 0 : noisy < 1 ? 1 : 2) : noisy;
  });
  const names = Array.from({ length: width }, (_, j) => `x${j}`);
  const bags = smooth ? [oneHot("kind", 4, kinds), sparse("words", 30, rows, rng)] : [];
  return { design: { rows, width, dense, names, bags }, target, task, classes };
}

function oneHot(name: string, size: number, ids: Uint32Array): Bag {
  return {
    name,
    size,
    ids,
    offsets: Uint32Array.from({ length: ids.length + 1 }, (_, i) => i),
    values: new Float32Array(ids.length).fill(1),
  };
}

function sparse(name: string, size: number, rows: number, rng: Random): Bag {
  const ids: number[] = [];
  const values: number[] = [];
  const offsets = [0];
  for (let i = 0; i < rows; i++) {
    const chosen = new Set(Array.from({ length: rng.int(4) }, () => rng.int(size)));
    for (const id of [...chosen].sort((a, b) => a - b)) {
      ids.push(id);
      values.push(1 / Math.sqrt(chosen.size));
    }
    offsets.push(ids.length);
  }
  return {
    name,
    size,
    offsets: Uint32Array.from(offsets),
    ids: Uint32Array.from(ids),
    values: Float32Array.from(values),
  };
}

function takeRows(design: Design, rows: readonly number[]): Design {
  const { width, dense } = design;
  return {
    ...design,
    rows: rows.length,
    dense: Float32Array.from(rows.flatMap((i) => [...dense.subarray(i * width, (i + 1) * width)])),
    bags: design.bags.map((bag) => {
      const parts = rows.map((i) => [bag.offsets[i]!, bag.offsets[i + 1]!] as const);
      const offsets = [0];
      for (const [a, b] of parts) offsets.push(offsets.at(-1)! + b - a);
      return {
        ...bag,
        offsets: Uint32Array.from(offsets),
        ids: Uint32Array.from(parts.flatMap(([a, b]) => [...bag.ids.subarray(a, b)])),
        values: Float32Array.from(parts.flatMap(([a, b]) => [...bag.values.subarray(a, b)])),
      };
    }),
  };
}

function withConstantColumn(design: Design): Design {
  const { rows, width, dense } = design;
  const wider = new Float32Array(rows * (width + 1));
  for (let i = 0; i < rows; i++)
    wider.set(dense.subarray(i * width, (i + 1) * width), i * (width + 1));
  return { ...design, width: width + 1, dense: wider, names: [...design.names, "constant"] };
}

/** Declares the graph inputs of an encoded design. */
function emitDesign(g: ReturnType<typeof graph>, design: Design): EmittedDesign {
  return {
    dense: g.input("dense", "float32", ["N", design.width]),
    width: design.width,
    bags: design.bags.map(({ size }, b) => ({
      ids: g.input(`ids${b}`, "int64", ["N", `L${b}`]),
      values: g.input(`values${b}`, "float32", ["N", `L${b}`]),
      size,
    })),
  };
}

/** Of the ONNX file: what tests compare when they say "the same bytes". */
export const digest = (...of: Parameters<typeof encode>): string => digestOf(encode(...of));

function encode(model: FittedModel, design: Design, task: Task, classes: number): Uint8Array {
  const g = graph();
  const out = model.emit(g, emitDesign(g, design));
  g.output(out, "float32", ["N", task === "regression" ? 1 : classes]);
  return g.encode({ task, target: "y", classes: [], columns: [] });
}

/** Scores of the model's ONNX file in ONNX Runtime. */
export async function runModel(model: FittedModel, design: Design, task: Task, classes: number) {
  const feeds: Record<string, OnnxFeed> = {
    dense: { type: "float32", dims: [design.rows, design.width], data: design.dense },
  };
  design.bags.forEach((bag, b) => {
    const lengths = Array.from(
      { length: design.rows },
      (_, i) => bag.offsets[i + 1]! - bag.offsets[i]!,
    );
    const longest = Math.max(1, ...lengths);
    const ids = new BigInt64Array(design.rows * longest);
    const values = new Float32Array(design.rows * longest);
    for (let i = 0; i < design.rows; i++)
      for (let k = bag.offsets[i]!; k < bag.offsets[i + 1]!; k++) {
        ids[i * longest + k - bag.offsets[i]!] = BigInt(bag.ids[k]!);
        values[i * longest + k - bag.offsets[i]!] = bag.values[k]!;
      }
    feeds[`ids${b}`] = { type: "int64", dims: [design.rows, longest], data: ids };
    feeds[`values${b}`] = { type: "float32", dims: [design.rows, longest], data: values };
  });
  const results = await runOnnx(encode(model, design, task, classes), feeds);
  return Object.values(results)[0]!;
}

/** What the file must give for these scores: both classes for binary. */
function asOutput(values: Float64Array, task: Task): number[] {
  return task === "binary" ? Array.from(values).flatMap((p) => [1 - p, p]) : Array.from(values);
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
const allFinite = (values: Float64Array) => values.every(Number.isFinite);

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** Squared error, or log loss. */
function loss(values: Float64Array, { target }: Sample, task: Task): number {
  const width = values.length / target.length;
  const each = Array.from(target, (y, i) => {
    if (task === "regression") return (values[i]! - y) ** 2;
    const p = width > 1 ? values[i * width + y]! : y === 1 ? values[i]! : 1 - values[i]!;
    return -Math.log(Math.max(p, 1e-9));
  });
  return sum(each) / each.length;
}

function constantLoss(train: Sample, held: Sample, task: Task): number {
  const n = train.target.length;
  const share = (k: number) => train.target.filter((y) => y === k).length / n;
  const row =
    task === "multiclass"
      ? Array.from({ length: train.classes }, (_, k) => share(k))
      : [sum(train.target) / n];
  return loss(
    Float64Array.from(held.target.length ? Array.from(held.target, () => row).flat() : []),
    held,
    task,
  );
}
