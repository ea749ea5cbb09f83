import { MillwrightError } from "../errors.ts";
import { decodeUtf8 } from "../table/utf8.ts";
import { ELEMENT, ModelProto } from "./schema.ts";

/** An ONNX graph for reading: what makes a value, and from what. */
export interface GraphNodes {
  readonly nodes: readonly GraphNode[];
  /** Without the ones that are only names of constants. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The node that makes the value. */
  producer(name: string): GraphNode | undefined;
  /** The value of an initializer or a Constant node; undefined for what is computed, and for types we do not read. */
  constant(name: string): ConstantTensor | undefined;
}

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, NodeAttribute>;
}

/** As the file has it; what a kind does not use is empty. */
export interface NodeAttribute {
  readonly i: number;
  readonly f: number;
  readonly s: string;
  readonly ints: readonly number[];
  readonly floats: readonly number[];
  readonly strings: readonly string[];
  readonly tensor: ConstantTensor | undefined;
}

export interface ConstantTensor {
  readonly dims: readonly number[];
  /** Row-major. */
  readonly values: Float64Array;
}

interface RawTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly int64Data: readonly number[];
  readonly doubleData: readonly number[];
  readonly rawData: Uint8Array;
}

interface RawAttribute extends Omit<NodeAttribute, "s" | "strings" | "tensor"> {
  readonly name: string;
  readonly s: Uint8Array;
  readonly strings: readonly Uint8Array[];
  readonly t: RawTensor | null;
}

interface RawNode {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly RawAttribute[];
}

interface RawGraph {
  readonly node: readonly RawNode[];
  readonly initializer: readonly RawTensor[];
  readonly input: readonly { readonly name: string }[];
  readonly output: readonly { readonly name: string }[];
}

/** Throws `invalid_model` when the bytes are no ONNX model. */
export function readNodes(model: Uint8Array): GraphNodes {
  const graph = decoded(model);
  const nodes = graph.node.map(nodeOf);
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const raw = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const constants = new Map<string, ConstantTensor | undefined>();
  return {
    nodes,
    inputs: graph.input.map(({ name }) => name).filter((name) => !raw.has(name)),
    outputs: graph.output.map(({ name }) => name),
    producer: (name) => producers.get(name),
    constant(name) {
      if (constants.has(name)) return constants.get(name);
      const tensor = raw.get(name);
      const made = producers.get(name);
      const value = tensor
        ? tensorOf(tensor)
        : made?.op === "Constant"
          ? constantOf(made)
          : undefined;
      constants.set(name, value);
      return value;
    },
  };
}

function decoded(model: Uint8Array): RawGraph {
  try {
    const { graph } = ModelProto.toObject(ModelProto.decode(model), {
      longs: Number,
      arrays: true,
      defaults: true,
    }) as { graph: RawGraph | null };
    if (graph) return graph;
  } catch (cause) {
    throw new MillwrightError("invalid_model", "the file is no ONNX model: it cannot be decoded", {
      cause,
    });
  }
  throw new MillwrightError("invalid_model", "the file is no ONNX model: it has no graph");
}

const textOf = (bytes: Uint8Array): string => decodeUtf8(bytes, 0, bytes.length);

const nodeOf = ({ opType, input, output, attribute }: RawNode): GraphNode => ({
  op: opType,
  inputs: input,
  outputs: output,
  attributes: new Map(
    attribute.map(({ name, i, f, s, ints, floats, strings, t }) => [
      name,
      {
        ...{ i, f, s: textOf(s), ints, floats },
        ...{ strings: strings.map(textOf), tensor: t ? tensorOf(t) : undefined },
      },
    ]),
  ),
});

function constantOf({ attributes }: GraphNode): ConstantTensor | undefined {
  const scalar = (value: number) => ({ dims: [], values: Float64Array.of(value) });
  const list = (values: readonly number[]) => ({
    dims: [values.length],
    values: Float64Array.from(values),
  });
  const of = (name: string) => attributes.get(name);
  if (of("value")) return of("value")!.tensor;
  if (of("value_float")) return scalar(of("value_float")!.f);
  if (of("value_int")) return scalar(of("value_int")!.i);
  if (of("value_floats")) return list(of("value_floats")!.floats);
  return of("value_ints") && list(of("value_ints")!.ints);
}

function tensorOf(tensor: RawTensor): ConstantTensor | undefined {
  const { dims, dataType, rawData } = tensor;
  if (rawData.length > 0) {
    const read = READERS.get(dataType);
    if (read === undefined) return undefined;
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.length);
    const values = new Float64Array(rawData.length / read.bytes);
    for (let i = 0; i < values.length; i++) values[i] = read.at(view, i * read.bytes);
    return { dims, values };
  }
  if (!READERS.has(dataType)) return undefined;
  const list = [tensor.floatData, tensor.doubleData, tensor.int64Data, tensor.int32Data].find(
    (data) => data.length > 0,
  );
  return { dims, values: Float64Array.from(list ?? []) };
}

const READERS = new Map<
  number,
  { readonly bytes: number; readonly at: (view: DataView, offset: number) => number }
>([
  [ELEMENT.float32, { bytes: 4, at: (view, o) => view.getFloat32(o, true) }],
  [ELEMENT.float64, { bytes: 8, at: (view, o) => view.getFloat64(o, true) }],
  [ELEMENT.int64, { bytes: 8, at: (view, o) => Number(view.getBigInt64(o, true)) }],
  [ELEMENT.int32, { bytes: 4, at: (view, o) => view.getInt32(o, true) }],
  [ELEMENT.uint8, { bytes: 1, at: (view, o) => view.getUint8(o) }],
  [ELEMENT.bool, { bytes: 1, at: (view, o) => view.getUint8(o) }],
]);
