/**
 * One measured fit in a fresh process, or data for it.
 *   generate <seed> <folder>                writes the data of the generated cases
 *   <case> <threads> <folder>               trains, prints JSON: wall and CPU seconds, AUC on held-out rows
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenTeam } from "../../src/engine/compute.ts";
import { random } from "../../src/lib/random.ts";
import type { Scores, Task } from "../../src/lib/task.ts";
import type { Column, Table } from "../../src/table/table.ts";
import { takeRows } from "../../src/table/table.ts";
import { threadTeam } from "../../src/testing/thread-team.ts";
import type { Design } from "../../src/training/encoding/encoding.ts";
import { fitEncoder } from "../../src/training/encoding/fit-encoder.ts";
import type { FittedModel } from "../../src/training/trainer.ts";
import { forest } from "../../src/training/trainers/forest.ts";
import { gbdt } from "../../src/training/trainers/gbdt.ts";
import { mlp } from "../../src/training/trainers/mlp.ts";
import { gbdtMember } from "../../src/training/trees/boost-member.ts";
import { forestMember } from "../../src/training/trees/forest-member.ts";

const TRAIN = 100_000;
const HELD = 20_000;
const WIDTH = 28;
const CLASSES = 5;
const SMALL = { fits: 1000, rows: 500, held: 500 };

function generate(seed: string, folder: string): void {
  const rng = random(`bench/${seed}`);
  const rows = TRAIN + HELD;
  const x = Float32Array.from({ length: rows * WIDTH }, () => rng.normal());
  const y = new Float32Array(rows);
  const classes = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = (j: number) => x[i * WIDTH + j]!;
    const margin =
      Math.sin(2 * at(0)) + at(1) * at(2) + 0.5 * at(3) ** 2 - 0.5 + (at(4) > 0.5 ? at(5) : 0);
    const linear = 0.8 * at(6) - 0.6 * at(7) + 0.4 * at(8) + 0.3 * at(9) * at(10) + 0.2 * at(11);
    y[i] = rng.next() < 1 / (1 + Math.exp(-margin - linear)) ? 1 : 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < CLASSES; k++) {
      const score =
        Math.sin(2 * at(k)) + at(k + 5) * at(k + 6) + 0.7 * at(k + 12) - 0.2 * rng.normal();
      const gumbel = -Math.log(-Math.log(rng.next() + 1e-12));
      if (score + gumbel > most) {
        most = score + gumbel;
        classes[i] = k;
      }
    }
  }
  write(folder, "whole", x);
  // Every fourth column has missing values: one cell in ten.
  for (let i = 0; i < x.length; i++)
    if ((i % WIDTH) % 4 === 3 && rng.next() < 0.1) x[i] = Number.NaN;
  write(folder, "x", x);
  write(folder, "y", y);
  write(folder, "classes", classes);
}

const write = (folder: string, name: string, values: Float32Array) =>
  writeFileSync(join(folder, `${name}.f32`), new Uint8Array(values.buffer));

function floats(folder: string, name: string): Float32Array {
  const bytes = readFileSync(join(folder, `${name}.f32`));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

interface Measured {
  /** What is timed. */
  fit(): FittedModel;
  auc(model: FittedModel): number;
}

type Case = (threads: number, folder: string) => Measured;

const boosting = threadTeam("src/training/trees/boost-member.ts", "gbdtMember", gbdtMember);
const growing = threadTeam("src/training/trees/forest-member.ts", "forestMember", forestMember);
const teamOf = (threads: number, openTeam: OpenTeam) => (threads > 1 ? { threads, openTeam } : {});

/** Rows of the generated data; `x` with missing cells, `whole` without. */
function generated(folder: string, input: "x" | "whole", target: "y" | "classes") {
  const x = floats(folder, input);
  const y = Float64Array.from(floats(folder, target));
  const part = (from: number, to: number): Design => ({
    rows: to - from,
    width: WIDTH,
    dense: x.subarray(from * WIDTH, to * WIDTH),
    names: Array.from({ length: WIDTH }, (_, j) => `x${j}`),
    bags: [],
  });
  const task: Task = target === "y" ? "binary" : "multiclass";
  const held = part(TRAIN, TRAIN + HELD);
  return {
    input: {
      ...{ design: part(0, TRAIN), target: y.subarray(0, TRAIN), task, seed: 1 },
      classes: task === "binary" ? 2 : CLASSES,
    },
    auc: (model: FittedModel) => oneAgainstRest(model.predict(held), y.subarray(TRAIN)),
  };
}

const boosted =
  (settings: object, target: "y" | "classes" = "y"): Case =>
  (threads, folder) => {
    const { input, auc } = generated(folder, "x", target);
    const params = gbdt.params.parse({ patience: 0, maxDepth: 6, ...settings });
    return { fit: () => gbdt.fit({ ...input, ...teamOf(threads, boosting), params }), auc };
  };

const CASES: Readonly<Record<string, Case>> = {
  boosting: boosted({ rounds: 100 }),
  sampling: boosted({ rounds: 100, rowSample: 0.8, columnSample: 0.8 }),
  multiclass: boosted({ rounds: 40 }, "classes"),
  forest: (threads, folder) => {
    const { input, auc } = generated(folder, "x", "y");
    const params = forest.params.parse({ trees: 20, maxDepth: 12, minLeaf: 1 });
    return { fit: () => forest.fit({ ...input, ...teamOf(threads, growing), params }), auc };
  },
  mlp: (_, folder) => {
    const { input, auc } = generated(folder, "whole", "y");
    const settings = { hidden: [64, 32], epochs: 5, batchSize: 256, holdOut: 0 };
    const params = mlp.params.parse({ ...settings, weightDecay: 0 });
    return { fit: () => mlp.fit({ ...input, params }), auc };
  },
  hotel: (threads, folder) => {
    const { table, target, train } = bookings(folder);
    const columns = [...table.columns].map(([name, { type }]) => ({
      name,
      role: type === "string" ? ("category" as const) : ("numeric" as const),
    }));
    const rows = (from: number, to: number) =>
      Int32Array.from({ length: to - from }, (_, i) => from + i);
    const learned = takeRows(table, rows(0, train));
    const held = takeRows(table, rows(train, table.rows));
    const common = {
      task: "binary",
      classes: 2,
      seed: 1,
      target: target.subarray(0, train),
    } as const;
    let encode: (rows: Table) => Design;
    return {
      fit() {
        const { encoder, design } = fitEncoder({
          ...common,
          table: learned,
          columns,
          style: "tree",
        });
        encode = encoder.encode;
        const params = gbdt.params.parse({ rounds: 200, patience: 0, maxDepth: 6 });
        return gbdt.fit({ ...common, design, ...teamOf(threads, boosting), params });
      },
      auc: (model) => areaUnderCurve(model.predict(encode(held)).values, target.subarray(train)),
    };
  },
  small: (_, folder) => {
    const x = floats(folder, "x");
    const y = Float64Array.from(floats(folder, "y"));
    const params = gbdt.params.parse({ rounds: 50, patience: 0, maxDepth: 3 });
    const names = Array.from({ length: WIDTH }, (_, j) => `x${j}`);
    const part = (from: number, rows: number) => ({
      target: y.subarray(from, from + rows),
      design: {
        ...{ rows, width: WIDTH, names, bags: [] },
        dense: x.subarray(from * WIDTH, (from + rows) * WIDTH),
      },
    });
    const models: FittedModel[] = [];
    const start = (i: number) => (i * 97) % (TRAIN - SMALL.rows);
    return {
      fit() {
        for (let i = 0; i < SMALL.fits; i++)
          models.push(
            gbdt.fit({
              ...part(start(i), SMALL.rows),
              task: "binary",
              classes: 2,
              seed: 1,
              params,
            }),
          );
        return models[0]!;
      },
      auc() {
        const { design, target } = part(TRAIN, SMALL.held);
        const all = models.map((model) => areaUnderCurve(model.predict(design).values, target));
        return all.reduce((sum, value) => sum + value, 0) / all.length;
      },
    };
  },
};

/** As `peers.py prepare` left them: rows by time. */
function bookings(folder: string): { table: Table; target: Float64Array; train: number } {
  const { rows, train, numbers, categories } = JSON.parse(
    readFileSync(join(folder, "hotel.json"), "utf8"),
  ) as {
    rows: number;
    train: number;
    numbers: string[];
    categories: { name: string; dictionary: string[] }[];
  };
  const values = floats(folder, "hotel-numbers");
  const codes = floats(folder, "hotel-codes");
  const columns = new Map<string, Column>();
  for (const [j, name] of numbers.entries())
    columns.set(name, {
      type: "number",
      values: Float64Array.from(values.subarray(j * rows, (j + 1) * rows)),
    });
  for (const [j, { name, dictionary }] of categories.entries())
    columns.set(name, {
      ...{ type: "string", dictionary },
      codes: Int32Array.from(codes.subarray(j * rows, (j + 1) * rows)),
    });
  const target = Float64Array.from(floats(folder, "hotel-target"));
  return { table: { rows, columns }, target, train };
}

function measure(name: string, threads: number, folder: string): void {
  const { fit, auc } = CASES[name]!(threads, folder);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const model = fit();
  const wall = (performance.now() - started) / 1e3;
  const used = process.cpuUsage(cpu);
  console.log(JSON.stringify({ wall, cpu: (used.user + used.system) / 1e6, auc: auc(model) }));
}

/** Mean over the classes; of two, the positive one's. */
function oneAgainstRest({ values, width, rows }: Scores, truth: Float64Array): number {
  if (width === 1) return areaUnderCurve(values, truth);
  let sum = 0;
  for (let k = 0; k < width; k++) {
    const scores = Float64Array.from({ length: rows }, (_, i) => values[i * width + k]!);
    sum += areaUnderCurve(
      scores,
      truth.map((y) => Number(y === k)),
    );
  }
  return sum / width;
}

/** Mann-Whitney, ties counted half. */
function areaUnderCurve(scores: Float64Array, truth: Float64Array): number {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let [ranks, positives] = [0, 0];
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && scores[order[j]!] === scores[order[i]!]) j++;
    for (let k = i; k < j; k++)
      if (truth[order[k]!] === 1) {
        ranks += (i + j + 1) / 2;
        positives++;
      }
    i = j;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (truth.length - positives));
}

const [mode = "", first = "", folder = "."] = process.argv.slice(2);
if (mode === "generate") generate(first, folder);
else measure(mode, Number(first), folder);
