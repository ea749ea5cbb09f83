import { MillwrightError } from "../../errors.ts";
import type { Abort } from "../../lib/abort.ts";
import { type Random, random } from "../../lib/random.ts";
import type { Target, Task } from "../../lib/task.ts";
import type { Inputs } from "./inputs.ts";
import { layoutOf, type Network, type NetworkShape } from "./network.ts";
import { openSession, type Session } from "./session.ts";

export interface Schedule {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Epochs without a better loss on the watched rows before it stops. */
  readonly patience: number;
}

/** Rows of `inputs` with their targets. */
export interface Examples {
  readonly inputs: Inputs;
  readonly target: Target;
  readonly weights: Float64Array | undefined;
  readonly rows: Int32Array;
}

export interface NetworkFit {
  readonly network: Network;
  readonly epochs: number;
  /** Loss on the watched rows; undefined when there were none. */
  readonly loss: number | undefined;
}

/** An epoch is better when it beats the best by this share. */
const BETTER = 1e-4;

/** Minibatch AdamW (Loshchilov & Hutter 2019); the numbers of the best epoch on `watch` are kept. */
export function fitNetwork(
  shape: NetworkShape,
  learn: Examples,
  watch: Examples | undefined,
  task: Task,
  schedule: Schedule,
  context: {
    seed: number;
    signal?: Abort | undefined;
    onProgress?: ((f: number) => void) | undefined;
  },
): NetworkFit {
  const rng = random(context.seed).split("mlp");
  const batch = Math.min(schedule.batchSize, learn.rows.length);
  const entries = batch * Math.max(longestRow(learn.inputs), watch ? longestRow(watch.inputs) : 0);
  const session = openSession(shape, { batch, entries });
  try {
    initialise(session.numbers, shape, rng);
    let best = { loss: Number.POSITIVE_INFINITY, epoch: 0, numbers: session.numbers.slice() };
    let epoch = 0;
    const order = learn.rows.slice();
    for (; epoch < schedule.epochs; epoch++) {
      rng.shuffle(order);
      for (let from = 0; from < order.length; from += batch) {
        if (context.signal?.aborted)
          throw new MillwrightError(
            "cancelled",
            `training stopped in epoch ${epoch + 1}: cancelled`,
          );
        const rows = order.subarray(from, from + batch);
        const outputs = session.forward(learn.inputs, rows);
        derive(outputs, rows, learn, task, shape.outputs, session.stride);
        session.step(schedule.learningRate, schedule.weightDecay);
      }
      context.onProgress?.((epoch + 1) / schedule.epochs);
      if (watch === undefined) continue;
      const loss = lossOf(session, watch, task, shape.outputs, batch);
      if (loss < best.loss * (1 - BETTER))
        best = { loss, epoch: epoch + 1, numbers: session.numbers.slice() };
      else if (epoch + 1 - best.epoch >= schedule.patience) break;
    }
    if (watch === undefined || best.epoch === 0)
      return {
        network: { shape, numbers: session.numbers.slice() },
        epochs: epoch,
        loss: undefined,
      };
    return { network: { shape, numbers: best.numbers }, epochs: best.epoch, loss: best.loss };
  } finally {
    session.close();
  }
}

function longestRow({ bag, rows }: Inputs): number {
  let longest = 0;
  for (let i = 0; i < rows && bag; i++)
    longest = Math.max(longest, bag.offsets[i + 1]! - bag.offsets[i]!);
  return longest;
}

/** He et al. 2015, a stream a layer; idle outputs of the last layer start at 0. Ids never seen stay near 0 and say nothing. */
function initialise(numbers: Float32Array, shape: NetworkShape, rng: Random): void {
  numbers.fill(0);
  const { ids, embedding, dense, hidden, outputs } = shape;
  const e = rng.split("embedding");
  for (let p = 0; p < ids * embedding; p++) numbers[p] = 0.01 * e.normal();
  layoutOf(shape).layers.forEach((layer, l) => {
    const r = rng.split(`layer ${l}`);
    const used = l < hidden.length ? layer.outputs : outputs;
    // Embeddings are small at first: only the dense inputs count for the scale.
    const fanIn = l === 0 ? Math.max(dense, 4) : layer.inputs;
    const scale = Math.sqrt((l < hidden.length ? 2 : 1) / fanIn);
    for (let q = 0; q < layer.inputs; q++)
      for (let j = 0; j < used; j++)
        numbers[layer.weights + q * layer.outputs + j] = scale * r.normal();
    // Without dense inputs the first layer starts at its bias: at 0 nothing would ever move.
    if (l === 0) numbers.fill(0.1, layer.bias, layer.bias + layer.outputs);
  });
}

/** Overwrites outputs with the derivative of the batch's mean loss. */
function derive(
  outputs: Float32Array,
  rows: Int32Array,
  { target, weights }: Examples,
  task: Task,
  width: number,
  stride: number,
): void {
  let total = 0;
  for (const row of rows) total += weights?.[row] ?? 1;
  rows.forEach((row, i) => {
    const w = total > 0 ? (weights?.[row] ?? 1) / total : 0;
    const at = i * stride;
    if (task === "multiclass") {
      const p = softmax(outputs, at, width);
      for (let k = 0; k < width; k++) outputs[at + k] = w * (p[k]! - Number(target[row] === k));
    } else if (task === "binary")
      outputs[at] = w * (1 / (1 + Math.exp(-outputs[at]!)) - target[row]!);
    else outputs[at] = w * (outputs[at]! - target[row]!);
    for (let k = width; k < stride; k++) outputs[at + k] = 0;
  });
}

/** Mean log loss, or squared error. */
function lossOf(
  session: Session,
  watch: Examples,
  task: Task,
  width: number,
  batch: number,
): number {
  let [sum, total] = [0, 0];
  for (let from = 0; from < watch.rows.length; from += batch) {
    const rows = watch.rows.subarray(from, from + batch);
    const outputs = session.forward(watch.inputs, rows);
    rows.forEach((row, i) => {
      const w = watch.weights?.[row] ?? 1;
      const at = i * session.stride;
      const y = watch.target[row]!;
      total += w;
      if (task === "multiclass")
        sum -= w * Math.log(Math.max(softmax(outputs, at, width)[y]!, 1e-12));
      else if (task === "regression") sum += w * (outputs[at]! - y) ** 2;
      else {
        const m = outputs[at]!;
        sum += w * (Math.log1p(Math.exp(-Math.abs(m))) + Math.max(m, 0) - y * m);
      }
    });
  }
  return sum / total;
}

function softmax(values: ArrayLike<number>, at: number, width: number): Float64Array {
  const p = new Float64Array(width);
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < width; k++) top = Math.max(top, values[at + k]!);
  let sum = 0;
  for (let k = 0; k < width; k++) {
    p[k] = Math.exp(values[at + k]! - top);
    sum += p[k]!;
  }
  for (let k = 0; k < width; k++) p[k]! /= sum;
  return p;
}
