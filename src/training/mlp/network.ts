import type { Graph } from "../../onnx/graph.ts";
import type { EmittedDesign } from "../encoding/encoding.ts";
import { emitBagProduct, emitOneBag } from "../linear/emit.ts";
import { type Inputs, LIMIT } from "./inputs.ts";

/** Widths. The input of the first layer is the dense columns, then the sum of the embeddings of the row's ids. */
export interface NetworkShape {
  readonly dense: number;
  readonly ids: number;
  /** Numbers an id becomes; a multiple of 4; 0 when there are no ids. */
  readonly embedding: number;
  /** Multiples of 4. */
  readonly hidden: readonly number[];
  readonly outputs: number;
}

/** Where the numbers of a network lie in one array: embeddings (by id), then weights [in x out] and bias of each layer. */
export interface Layout {
  readonly size: number;
  readonly layers: readonly {
    readonly inputs: number;
    /** A multiple of 4: the last layer has idle outputs. */
    readonly outputs: number;
    readonly weights: number;
    readonly bias: number;
  }[];
}

export const padded = (n: number): number => Math.ceil(n / 4) * 4;

export function layoutOf({ dense, ids, embedding, hidden, outputs }: NetworkShape): Layout {
  let size = ids * embedding;
  let inputs = dense + embedding;
  const layers = [...hidden, padded(outputs)].map((width) => {
    const layer = { inputs, outputs: width, weights: size, bias: size + inputs * width };
    size = layer.bias + width;
    inputs = width;
    return layer;
  });
  return { size, layers };
}

export interface Network {
  readonly shape: NetworkShape;
  readonly numbers: Float32Array;
}

/** Logits, or the value: rows x outputs. */
export function outputsOf({ shape, numbers }: Network, inputs: Inputs): Float64Array {
  const { layers } = layoutOf(shape);
  const { dense, embedding, outputs } = shape;
  const values = layers.map((layer) => new Float64Array(layer.outputs));
  const input = new Float64Array(dense + embedding);
  const result = new Float64Array(inputs.rows * outputs);
  for (let i = 0; i < inputs.rows; i++) {
    input.set(inputs.dense.subarray(i * dense, (i + 1) * dense));
    if (inputs.bag) {
      const { offsets, ids, values: weights } = inputs.bag;
      input.fill(0, dense);
      for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
        const from = ids[p]! * embedding;
        for (let j = 0; j < embedding; j++) input[dense + j]! += weights[p]! * numbers[from + j]!;
      }
    }
    let from = input;
    layers.forEach((layer, l) => {
      const to = values[l]!;
      to.set(numbers.subarray(layer.bias, layer.bias + layer.outputs));
      for (let q = 0, p = layer.weights; q < layer.inputs; q++, p += layer.outputs) {
        const x = from[q]!;
        if (x !== 0) for (let j = 0; j < layer.outputs; j++) to[j]! += x * numbers[p + j]!;
      }
      if (l + 1 < layers.length) for (let j = 0; j < layer.outputs; j++) if (to[j]! < 0) to[j] = 0;
      from = to;
    });
    for (let k = 0; k < outputs; k++) result[i * outputs + k] = from[k]!;
  }
  return result;
}

/** The same in the graph: float32 [N, outputs]. `kept` are the dense columns the network takes. */
export function emitNetwork(
  graph: Graph,
  input: EmittedDesign,
  { shape, numbers }: Network,
  kept: readonly number[],
): string {
  const parts: string[] = [];
  if (kept.length > 0) {
    const chosen =
      kept.length === input.width
        ? input.dense
        : graph.node("Gather", [input.dense, graph.constant("int64", [kept.length], kept)], {
            axis: 1,
          });
    const bound = (value: number) => graph.constant("float32", [], [value]);
    parts.push(graph.node("Clip", [chosen, bound(-LIMIT), bound(LIMIT)]));
  }
  if (shape.embedding > 0) {
    const { ids, embedding } = shape;
    const byOutput = new Float64Array(ids * embedding);
    for (let id = 0; id < ids; id++)
      for (let j = 0; j < embedding; j++) byOutput[j * ids + id] = numbers[id * embedding + j]!;
    parts.push(emitBagProduct(graph, emitOneBag(graph, input.bags), byOutput, embedding));
  }
  let x = parts.length === 1 ? parts[0]! : graph.node("Concat", parts, { axis: 1 });
  const { layers } = layoutOf(shape);
  layers.forEach((layer, l) => {
    const last = l + 1 === layers.length;
    const width = last ? shape.outputs : layer.outputs;
    const weights = new Float32Array(layer.inputs * width);
    for (let q = 0; q < layer.inputs; q++)
      for (let j = 0; j < width; j++)
        weights[q * width + j] = numbers[layer.weights + q * layer.outputs + j]!;
    const bias = numbers.subarray(layer.bias, layer.bias + width);
    x = graph.node("MatMul", [x, graph.constant("float32", [layer.inputs, width], weights)]);
    x = graph.node("Add", [x, graph.constant("float32", [1, width], bias)]);
    if (!last) x = graph.node("Relu", [x]);
  });
  return x;
}
