import { type Arena, openArena } from "../kernels/arena.ts";
import type { Inputs } from "./inputs.ts";
import { mlpKernels } from "./kernels.ts";
import { layoutOf, type NetworkShape } from "./network.ts";

/** Of Adam's second moment; the kernel has the same. */
const DECAY = 0.999;
/**
 * Embeddings learn by plain descent at one speed, scaled by their gradient as a whole: Adam would move a rare word as far as a
 * frequent one and learn the rare ones by heart (mail subjects: AUC 0.943 with Adam, 0.950 so). Their share of the rate.
 */
const EMBEDDING_SHARE = 0.3;

/** A network in WebAssembly memory, with its gradient, Adam's moments and room for one batch. */
export interface Session {
  /** The network's numbers, in the layout's order. */
  readonly numbers: Float32Array;
  /** Computes the outputs of the rows; row i has its outputs at `i * stride` of the view. */
  forward(inputs: Inputs, rows: Int32Array): Float32Array;
  readonly stride: number;
  /**
   * Takes one step of AdamW down: `outputs` of the last `forward` must have been overwritten with the derivative of the loss by them.
   */
  step(learningRate: number, weightDecay: number): void;
  close(): void;
}

export function openSession(
  shape: NetworkShape,
  limits: { readonly batch: number; readonly entries: number },
): Session {
  const arena = openArena();
  const layout = layoutOf(shape);
  const { batch } = limits;
  const floats = (n: number) => arena.alloc(4 * n);
  const numbers = floats(layout.size);
  const gradient = floats(layout.size);
  // Moments are of the layers only, which come after the embeddings.
  const embedded = shape.ids * shape.embedding;
  const first = floats(layout.size - embedded) - 4 * embedded;
  const second = floats(layout.size - embedded) - 4 * embedded;
  const inputWidth = shape.dense + shape.embedding;
  const widths = [inputWidth, ...layout.layers.map((layer) => layer.outputs)];
  const values = widths.map((width) => floats(batch * width));
  const slopes = widths.map((width) => floats(batch * width));
  const bag = {
    offsets: floats(batch + 1),
    ids: floats(limits.entries),
    values: floats(limits.entries),
  };
  const kernels = mlpKernels(arena.memory);
  const view = views(arena);
  const all = view.floats(numbers, layout.size);
  view.floats(gradient, layout.size).fill(0);
  for (const p of [first, second]) view.floats(p + 4 * embedded, layout.size - embedded).fill(0);
  const x = view.floats(values[0]!, batch * inputWidth);
  const offsets = view.integers(bag.offsets, batch + 1);
  const ids = view.integers(bag.ids, limits.entries);
  const entryValues = view.floats(bag.values, limits.entries);
  const stride = widths.at(-1)!;
  const outputs = view.floats(values.at(-1)!, batch * stride);
  const touched = touchedIds(shape.ids);
  const { embedding, dense } = shape;
  let m = 0;
  let steps = 0;
  /** Running mean square of the gradient of the embeddings in use. */
  let power = 0;

  // Loops, not `set`: a row holds a few numbers, and views of them cost more than the copies.
  const load = (inputs: Inputs, rows: Int32Array) => {
    m = rows.length;
    const { bag: entries } = inputs;
    let p = 0;
    for (let i = 0; i < m; i++) {
      const row = rows[i]!;
      for (let j = 0; j < dense; j++) x[i * inputWidth + j] = inputs.dense[row * dense + j]!;
      offsets[i] = p;
      if (!entries) continue;
      const to = entries.offsets[row + 1]!;
      for (let from = entries.offsets[row]!; from < to; from++, p++) {
        ids[p] = entries.ids[from]!;
        entryValues[p] = entries.values[from]!;
      }
    }
    offsets[m] = p;
  };

  return {
    numbers: all,
    stride,
    forward(inputs, rows) {
      load(inputs, rows);
      if (embedding > 0)
        kernels.embed(
          bag.offsets,
          bag.ids,
          bag.values,
          numbers,
          values[0]!,
          m,
          embedding,
          inputWidth,
          dense,
        );
      layout.layers.forEach(({ inputs: k, outputs: n, weights, bias }, l) => {
        const to = values[l + 1]!;
        kernels.multiply(values[l]!, numbers + 4 * weights, to, m, k, n);
        kernels.addBias(to, numbers + 4 * bias, m, n, Number(l + 1 < layout.layers.length));
      });
      return outputs;
    },
    step(learningRate, weightDecay) {
      steps++;
      const rate = (learningRate * Math.sqrt(1 - DECAY ** steps)) / (1 - 0.9 ** steps);
      const shrink = 1 - learningRate * weightDecay;
      // The derivative lies where the outputs were.
      let slope = values.at(-1)!;
      for (let l = layout.layers.length - 1; l >= 0; l--) {
        const { inputs: k, outputs: n, weights, bias } = layout.layers[l]!;
        kernels.multiplyLeft(values[l]!, slope, gradient + 4 * weights, m, k, n);
        kernels.sumRows(slope, gradient + 4 * bias, m, n);
        if (l === 0 && embedding === 0) break;
        kernels.multiplyRight(slope, numbers + 4 * weights, slopes[l]!, m, k, n);
        slope = slopes[l]!;
        if (l > 0) kernels.gateRelu(slope, values[l]!, m * k);
      }
      if (embedding > 0) {
        kernels.embedBack(
          bag.offsets,
          bag.ids,
          bag.values,
          gradient,
          slope,
          m,
          embedding,
          inputWidth,
          dense,
        );
        const size = 4 * embedding;
        const distinct = touched(ids.subarray(0, offsets[m]));
        let sum = 0;
        for (const id of distinct) sum += kernels.squares(gradient + id * size, embedding);
        const mean = sum / Math.max(1, distinct.length * embedding);
        power = DECAY * power + (1 - DECAY) * mean;
        const typical = Math.sqrt(power / (1 - DECAY ** steps)) + 1e-8;
        const speed = (EMBEDDING_SHARE * learningRate) / typical;
        for (const id of distinct)
          kernels.descend(numbers + id * size, gradient + id * size, embedding, speed);
      }
      for (const { inputs: k, outputs: n, weights, bias } of layout.layers)
        for (const [start, size, keep] of [
          [weights, k * n, shrink],
          [bias, n, 1],
        ] as const) {
          const at = 4 * start;
          kernels.adam(numbers + at, gradient + at, first + at, second + at, size, rate, keep);
        }
    },
    close: () => arena.release(),
  };
}

function views({ memory }: Arena) {
  return {
    floats: (p: number, n: number) => new Float32Array(memory.buffer, p, n),
    integers: (p: number, n: number) => new Uint32Array(memory.buffer, p, n),
  };
}

/** The distinct ids of a batch, in order of first occurrence. */
function touchedIds(size: number): (ids: Uint32Array) => number[] {
  const stamps = new Uint32Array(size);
  let stamp = 0;
  return (ids) => {
    stamp++;
    const distinct: number[] = [];
    for (const id of ids) {
      if (stamps[id] === stamp) continue;
      stamps[id] = stamp;
      distinct.push(id);
    }
    return distinct;
  };
}
