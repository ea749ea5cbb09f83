import { MillwrightError } from "../errors.ts";
import { digestOf } from "../lib/digest.ts";
import { fromHalf } from "../lib/float16.ts";
import type { Json } from "../lib/json.ts";
import { rowValue, setCell, shapeOfList } from "../onnx/cells.ts";
import type { GraphBinding, GraphInput, GraphOutput, GraphType } from "../onnx/signature.ts";
import { filling, type GraphTensor, type GraphTensors, sliceRows } from "../onnx/tensor.ts";
import type { Datatype, Tensor, TensorMetadata, TensorValues } from "./inference.ts";
import { MAX_ROWS, type RawRow } from "./rows.ts";

/** The tensors of the Open Inference Protocol as those of an imported graph, and back. */

const DATATYPE: Readonly<Record<GraphType, Datatype>> = {
  ...({
    float32: "FP32",
    float64: "FP64",
    float16: "FP16",
    bool: "BOOL",
    string: "BYTES",
  } as const),
  ...({ int8: "INT8", int16: "INT16", int32: "INT32", int64: "INT64" } as const),
  ...({ uint8: "UINT8", uint16: "UINT16", uint32: "UINT32", uint64: "UINT64" } as const),
};

/** Inputs and outputs as the file has them, for the model's metadata. */
export const graphMetadata = (
  graph: GraphBinding,
): { readonly inputs: readonly TensorMetadata[]; readonly outputs: readonly TensorMetadata[] } => ({
  inputs: graph.inputs.map(tensorMetadata),
  outputs: graph.outputs.map(tensorMetadata),
});

const tensorMetadata = ({ name, type, shape }: GraphInput | GraphOutput): TensorMetadata => ({
  name,
  datatype: DATATYPE[type],
  shape: shape.map((d) => d ?? -1),
});

/**
 * The request's tensors as feeds, with the rows along axis 0; typed arrays of the right type are not copied. Numbers of another
 * datatype are taken where their values fit. Throws `invalid_input` naming the tensor.
 */
export function feedsOf(
  graph: GraphBinding,
  tensors: readonly Tensor[],
): { readonly feeds: GraphTensors; readonly rows: number } {
  const unknown = tensors.find(({ name }) => !graph.inputs.some((input) => input.name === name));
  if (unknown)
    throw invalid(
      `inputs: there is no ${JSON.stringify(unknown.name)}; the model takes ${graph.inputs.map(({ name }) => name).join(", ")}`,
    );
  let rows: number | undefined = graph.whole ? 1 : undefined;
  const feeds: Record<string, GraphTensor> = {};
  for (const input of graph.inputs) {
    const tensor = tensors.find(({ name }) => name === input.name);
    if (tensor === undefined) throw invalid(`inputs.${input.name}: is missing`);
    const dims = graph.whole ? [1, ...tensor.shape] : tensor.shape;
    checkShape(input, graph, tensor);
    rows ??= dims[0]!;
    if (dims[0] !== rows)
      throw invalid(
        `inputs.${input.name}: has ${dims[0]} rows but ${graph.inputs[0]!.name} has ${rows}; every tensor needs the same number`,
      );
    feeds[input.name] = graphTensor(input, tensor, shapedAs(input, graph, dims));
  }
  if (rows === undefined || rows < 1 || rows > MAX_ROWS)
    throw invalid(
      `inputs.${graph.inputs[0]!.name}.shape: should have 1 to ${MAX_ROWS} rows; it has ${rows}`,
    );
  return { feeds, rows };
}

/** [N] will do for [N,1], and the other way round. */
function checkShape(input: GraphInput, { whole }: GraphBinding, { shape }: Tensor): void {
  const wanted = whole ? input.shape : [null, ...input.shape.slice(1)];
  const fits =
    shape.length === wanted.length && wanted.every((d, axis) => d === null || d === shape[axis]);
  const scalar = (dims: readonly (number | null)[]) =>
    !whole && dims.length > 0 && dims.slice(1).every((d) => d === 1);
  const least = input.least ?? 0;
  if ((fits && (shape[1] ?? least) >= least) || (scalar(shape) && scalar(wanted))) return;
  const words = wanted.map((d, axis) =>
    axis === 0 && !whole ? "N" : (d ?? (axis === 1 && least > 0 ? `${least} or more` : "any")),
  );
  throw invalid(`inputs.${input.name}.shape: should be [${words}]; it is [${shape}]`);
}

const shapedAs = (input: GraphInput, { whole }: GraphBinding, dims: readonly number[]) =>
  whole || dims.length === input.shape.length
    ? dims
    : [dims[0]!, ...input.shape.slice(1).map(() => 1)];

function graphTensor(
  input: GraphInput,
  { name, datatype, data }: Tensor,
  dims: readonly number[],
): GraphTensor {
  const { type } = input;
  if (
    !Array.isArray(data) &&
    datatype === DATATYPE[type] &&
    type !== "float16" &&
    type !== "string"
  )
    return { type, dims, data } as GraphTensor;
  if ((datatype === "BYTES") !== (type === "string"))
    throw invalid(`inputs.${name}.datatype: should be ${DATATYPE[type]}; it is ${datatype}`);
  if (type === "float32" && Array.isArray(data)) {
    const plain = float32Of(data);
    if (plain !== undefined) return { type, dims, data: plain };
  }
  const filled = filling(type, data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    const wrong =
      typeof value === "number" && !Number.isFinite(value) && type.startsWith("float")
        ? void filled.set(i, value)
        : setCell(filled, i, typeof value === "bigint" ? String(value) : value, input);
    if (wrong !== undefined) throw invalid(`inputs.${name}.data[${i}]: should be ${wrong}`);
  }
  return filled.done(dims);
}

/** A plain list of numbers, the usual case; undefined where a value is missing. */
function float32Of(data: readonly unknown[]): Float32Array | undefined {
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value !== "number") return undefined;
    values[i] = value;
  }
  return values;
}

/** An output as the protocol gives it; the keys of a list of maps are a parameter, as JSON text. */
export function tensorOf(
  { name, keys }: GraphOutput,
  tensor: GraphTensor,
  { whole }: GraphBinding,
): Tensor {
  return {
    name,
    datatype: DATATYPE[tensor.type],
    shape: whole ? tensor.dims.slice(1) : tensor.dims,
    data:
      tensor.type === "float16"
        ? Float32Array.from(tensor.data, fromHalf)
        : (tensor.data as TensorValues),
    ...(keys ? { parameters: { keys: JSON.stringify(keys) } } : {}),
  };
}

/** A list with more values is logged as its shape and digest. */
const MOST_LOGGED = 4096;

/** Row `i` of the feeds by column: what the log keeps, and what a row of JSON would have been. */
export function rowOf(graph: GraphBinding, feeds: GraphTensors, i: number, brief: boolean): RawRow {
  const row: Record<string, Json> = {};
  for (const { name, columns } of graph.inputs) {
    const tensor = feeds[name]!;
    const width = tensor.data.length / tensor.dims[0]!;
    if (columns.length === 1) {
      const part = sliceRows(tensor, i, i + 1);
      row[columns[0]!] =
        brief && width > MOST_LOGGED ? digestOfTensor(part) : rowValue(part, undefined);
      continue;
    }
    for (let k = 0; k < width; k++) row[columns[k]!] = cellOf(tensor, i * width + k);
  }
  return row;
}

function cellOf(tensor: GraphTensor, at: number): Json {
  const value = tensor.data[at]!;
  if (tensor.type === "float32" || tensor.type === "float64")
    return Number.isFinite(value as number) ? (value as number) : null;
  const one = filling(tensor.type, 1);
  one.set(0, tensor.type === "float16" ? fromHalf(value as number) : value);
  return rowValue(one.done([1]), undefined);
}

const digestOfTensor = ({ type, dims, data }: GraphTensor): Json => {
  const bytes =
    type === "string"
      ? data.join("\n")
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { type, shape: dims.slice(1), digest: digestOf(bytes) };
};

/** A row as the log keeps it: lists of more than 4,096 values as their shape and digest. */
export const loggedRow = (row: RawRow, lists: ReadonlySet<string>): RawRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) =>
      lists.has(name) && valuesIn(value) > MOST_LOGGED
        ? [name, { shape: shapeOfList(value), digest: digestOf(JSON.stringify(value)) }]
        : [name, value],
    ),
  );

const valuesIn = (value: Json): number =>
  Array.isArray(value) ? value.reduce<number>((sum, inner) => sum + valuesIn(inner), 0) : 1;

const invalid = (message: string): MillwrightError => new MillwrightError("invalid_input", message);
