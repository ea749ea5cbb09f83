import { z } from "zod";
import type { Design } from "../encoding/encoding.ts";
import { emitScores, scoresOf } from "../linear/link.ts";
import { scaleOf, type TargetScale } from "../linear/target-scale.ts";
import { type Examples, fitNetwork } from "../mlp/fit-network.ts";
import { inputsOf, varyingColumns } from "../mlp/inputs.ts";
import { emitNetwork, type Network, type NetworkShape, outputsOf, padded } from "../mlp/network.ts";
import type { DataShape, FitInput, FittedModel, Trainer } from "../trainer.ts";
import { checkFit } from "../trees/check-fit.ts";
import { holdOut } from "../trees/hold-out.ts";

const params = z.object({
  /** Widths of the hidden layers; rounded up to multiples of 4. */
  hidden: z.array(z.number().int().min(1).max(1024)).min(1).max(4).default([64, 32]),
  epochs: z.number().int().positive().default(100),
  batchSize: z.number().int().positive().default(128),
  learningRate: z.number().positive().default(0.001),
  weightDecay: z.number().nonnegative().default(0.3),
  patience: z.number().int().positive().default(8),
  /** Share of the rows watched to stop in time, where no validation rows are given. */
  holdOut: z.number().min(0).max(0.5).default(0.1),
  /** Regression: fit the logarithm, for amounts and counts. */
  target: z.enum(["plain", "log"]).default("plain"),
});
type MlpParams = z.output<typeof params>;

/** Fewer watched rows say too little; then it trains for FEW_EPOCHS. */
const MIN_WATCHED = 20;
const FEW_EPOCHS = 20;
/** Ids from which on a bag is a vocabulary: more ids, fewer numbers each. */
const VOCABULARY = 2000;

const TARGETS = { kind: "choice", values: ["plain", "log"] } as const;

/** Multilayer perceptron: ReLU layers over the dense columns and the summed embeddings of categories and words. */
export const mlp: Trainer<MlpParams> = {
  name: "mlp",
  title: "Neural network",
  style: "smooth",
  tasks: ["binary", "multiclass", "regression"],
  params,
  portfolio,
  space: ({ task }) => ({
    dimensions: {
      hidden: { kind: "choice", values: [[32], [64, 32], [128, 64], [256, 128]] },
      learningRate: { kind: "number", low: 3e-4, high: 1e-2, log: true },
      weightDecay: { kind: "number", low: 1e-3, high: 3, log: true },
      batchSize: { kind: "choice", values: [32, 64, 128, 256] },
      ...(task === "regression" ? { target: TARGETS } : {}),
    },
  }),
  fit,
};

function portfolio({ task, rows }: DataShape): MlpParams[] {
  const batchSize = rows > 20_000 ? 256 : rows < 2000 ? 32 : 128;
  const plain = params.parse({ batchSize });
  return task === "regression" ? [plain, params.parse({ batchSize, target: "log" })] : [plain];
}

function fit(input: FitInput<MlpParams>): FittedModel {
  const { design, target, task, classes, params: given, seed, signal, onProgress } = input;
  const ids = design.bags.reduce((sum, bag) => sum + bag.size, 0);
  checkFit({ ...input, design: { ...design, width: design.width + ids } });
  const kept = varyingColumns(design);
  const shape: NetworkShape = {
    dense: kept.length,
    ids,
    embedding: ids === 0 ? 0 : ids > VOCABULARY ? 16 : 32,
    hidden: given.hidden.map(padded),
    outputs: task === "multiclass" ? classes : 1,
  };
  const scale = task === "regression" ? scaleOf(target, given.target, input.weights) : undefined;
  const { learn, watch } = examplesOf(input, kept, scale);
  const schedule = watch ? given : { ...given, epochs: Math.min(given.epochs, FEW_EPOCHS) };
  const { network, epochs, loss } = fitNetwork(shape, learn, watch, task, schedule, {
    seed,
    signal,
    onProgress,
  });
  const marginsOf = (rows: Design) => outputsOf(network, inputsOf(rows, kept));
  return {
    complexity: network.numbers.reduce((n, x) => n + Number(x !== 0), 0),
    summary: { epochs, loss: loss ?? null, hidden: [...shape.hidden], embedding: shape.embedding },
    predict: (rows) => scoresOf(marginsOf(rows), shape.outputs, task, scale),
    emit: (graph, emitted) =>
      emitScores(graph, emitNetwork(graph, emitted, network, kept), task, scale),
    importance: (rows) => importanceOf(rows, kept, network),
  };
}

function examplesOf(
  input: FitInput<MlpParams>,
  kept: readonly number[],
  scale: TargetScale | undefined,
): { learn: Examples; watch: Examples | undefined } {
  const { design, task, params: given, seed, validation, weights } = input;
  const inputs = inputsOf(design, kept);
  const target = scale?.scaled ?? input.target;
  const all = Int32Array.from(target, (_, i) => i);
  const on = (rows: Int32Array): Examples => ({ inputs, target, weights, rows });
  if (validation) {
    const watched = scale ? validation.target.map(scale.scale) : validation.target;
    return {
      learn: on(all),
      watch: {
        inputs: inputsOf(validation.design, kept),
        target: watched,
        weights: undefined,
        rows: Int32Array.from(watched, (_, i) => i),
      },
    };
  }
  const held = holdOut(input.target, task, given.holdOut, seed, MIN_WATCHED);
  return held
    ? { learn: on(held.learn), watch: on(held.watch) }
    : { learn: on(all), watch: undefined };
}

/** How far the outputs move when a column or bag is taken away (dense: set to its mean), as a share of all moves. */
function importanceOf(
  design: Design,
  kept: readonly number[],
  network: Network,
): ReadonlyMap<string, number> {
  const rows = Math.min(design.rows, MAX_EXPLAINED);
  const some = firstRows(design, rows);
  const base = outputsOf(network, inputsOf(some, kept));
  const result = new Map<string, number>();
  const move = (name: string, without: Design) => {
    const outputs = outputsOf(network, inputsOf(without, kept));
    const sum = outputs.reduce((total, y, i) => total + Math.abs(y - base[i]!), 0);
    result.set(name, (result.get(name) ?? 0) + sum);
  };
  some.names.forEach((name, j) => {
    if (!kept.includes(j)) {
      result.set(name, result.get(name) ?? 0);
      return;
    }
    const dense = some.dense.slice();
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += dense[i * some.width + j]! / rows;
    for (let i = 0; i < rows; i++) dense[i * some.width + j] = mean;
    move(name, { ...some, dense });
  });
  some.bags.forEach((bag, b) => {
    const empty = { ...bag, values: new Float32Array(bag.values.length) };
    move(bag.name, { ...some, bags: some.bags.with(b, empty) });
  });
  const total = [...result.values()].reduce((sum, v) => sum + v, 0);
  return new Map([...result].map(([name, v]) => [name, total > 0 ? v / total : 1 / result.size]));
}

/** Rows looked at for the importance. */
const MAX_EXPLAINED = 1000;

function firstRows(design: Design, rows: number): Design {
  return {
    ...design,
    rows,
    dense: design.dense.subarray(0, rows * design.width),
    bags: design.bags.map((bag) => ({ ...bag, offsets: bag.offsets.subarray(0, rows + 1) })),
  };
}
