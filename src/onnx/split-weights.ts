import { readTensor } from "./tensor-file.ts";
import { readValue, valueField } from "./value-file.ts";
import { bytesField, eachField, type Field, messageOf, textOf } from "./wire.ts";

/** A float32 tensor that a graph is given at every run. */
export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface SplitModel {
  /** The file without them and without its metadata: the same for all models that differ in these numbers only. */
  readonly graph: Uint8Array;
  readonly weights: readonly Weight[];
}

const FLOAT = 1;
/** Operators that take a weight that comes at run time as they take one of the file. */
const TAKE: ReadonlySet<string> = new Set(["MatMul", "Gemm", "Gather", "Add", "Sub", "Mul"]);

/**
 * A model's float32 constants as inputs, so that many models of one graph need one session: where they are what arithmetic is done
 * with. undefined: it has none.
 */
export function splitWeights(bytes: Uint8Array): SplitModel | undefined {
  const rest: Uint8Array[] = [];
  let graph: Uint8Array | undefined;
  eachField(bytes, undefined, (field) => {
    if (field.id === 7) graph = field.body;
    else if (field.id !== METADATA) rest.push(field.raw);
  });
  const split = graph && splitGraph(graph);
  if (split === undefined || split.weights.length === 0) return undefined;
  return { graph: messageOf([...rest, bytesField(7, split.graph)]), weights: split.weights };
}

const METADATA = 14;

/** `graph` of what it gives is the graph's own bytes. */
function splitGraph(graph: Uint8Array): SplitModel {
  const fixed = fixedNames(graph);
  const weights: Weight[] = [];
  const fields: Uint8Array[] = [];
  eachField(graph, undefined, (field) => {
    const weight = field.id === 5 ? weightOf(field) : undefined;
    if (weight === undefined || fixed.has(weight.name)) fields.push(field.raw);
    else {
      weights.push(weight);
      fields.push(valueField(11, { name: weight.name, element: FLOAT, shape: weight.dims }));
    }
  });
  return { graph: messageOf(fields), weights };
}

/** undefined: not of float32, or its numbers are elsewhere. */
function weightOf(field: Field): Weight | undefined {
  const { name, type, dims } = readTensor(field);
  if (type !== FLOAT) return undefined;
  let data: Float32Array | undefined;
  eachField(field.body, RAW_DATA, ({ body }) => {
    data = new Float32Array(Uint8Array.from(body).buffer, 0, Math.floor(body.length / 4));
  });
  const size = dims.reduce((product, dim) => product * dim, 1);
  return data?.length === size ? { name, dims, data } : undefined;
}

const RAW_DATA: ReadonlySet<number> = new Set([9]);

const NODE: ReadonlySet<number> = new Set([1, 4, 7]);

/** Values that an operator takes which may want to know them when the graph is loaded, and outputs. */
function fixedNames(graph: Uint8Array): Set<string> {
  const fixed = new Set<string>();
  eachField(graph, new Set([1, 12]), (field) => {
    if (field.id === 12) {
      fixed.add(readValue(field).name);
      return;
    }
    const inputs: string[] = [];
    let [op, domain] = ["", ""];
    eachField(field.body, NODE, (part) => {
      if (part.id === 1) inputs.push(textOf(part));
      if (part.id === 4) op = textOf(part);
      if (part.id === 7) domain = textOf(part);
    });
    if (!TAKE.has(op) || domain !== "") for (const input of inputs) fixed.add(input);
  });
  return fixed;
}
