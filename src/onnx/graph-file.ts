import { MillwrightError } from "../errors.ts";
import { type NodeFile, readNode } from "./node-file.ts";
import { readTensor, type TensorFile } from "./tensor-file.ts";
import { readValue, type ValueFile } from "./value-file.ts";
import { eachField } from "./wire.ts";

/** A GraphProto, read as far as importing needs; `rest` is copied as it is. */
export interface GraphFile {
  readonly nodes: readonly NodeFile[];
  readonly initializers: readonly TensorFile[];
  readonly inputs: readonly ValueFile[];
  readonly outputs: readonly ValueFile[];
  /** Shapes that the exporter believed its values to have. */
  readonly valueInfo: readonly Uint8Array[];
  readonly rest: readonly Uint8Array[];
}

/** The largest language models exported have some 20,000 nodes. */
const MAX_NODES = 500_000;
/** Subgraphs of If, Loop and Scan within each other. */
const MAX_DEPTH = 16;

/** Throws `invalid_model`: damaged, too deep, too large. */
export function readGraph(bytes: Uint8Array, depth = 0): GraphFile {
  if (depth > MAX_DEPTH)
    throw new MillwrightError(
      "invalid_model",
      `The model has graphs more than ${MAX_DEPTH} deep within each other: it is no real model.`,
    );
  const graph = {
    nodes: [] as NodeFile[],
    initializers: [] as TensorFile[],
    inputs: [] as ValueFile[],
    outputs: [] as ValueFile[],
    valueInfo: [] as Uint8Array[],
    rest: [] as Uint8Array[],
  };
  let count = 0;
  eachField(bytes, undefined, (field) => {
    if (++count > MAX_NODES)
      throw new MillwrightError(
        "invalid_model",
        `The model's graph has more than ${MAX_NODES} parts: it is no real model.`,
      );
    if (field.id === 1) graph.nodes.push(readNode(field, (body) => readGraph(body, depth + 1)));
    else if (field.id === 5) graph.initializers.push(readTensor(field));
    else if (field.id === 11) graph.inputs.push(readValue(field));
    else if (field.id === 12) graph.outputs.push(readValue(field));
    else if (field.id === 13) graph.valueInfo.push(field.raw);
    else graph.rest.push(field.raw);
  });
  return graph;
}
