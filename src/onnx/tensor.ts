import { fromHalf, toHalf } from "../lib/float16.ts";
import type { GraphType } from "./signature.ts";

/** The array that holds the values of each type. */
interface Values {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly float16: Uint16Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly uint16: Uint16Array;
  readonly uint32: Uint32Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
  readonly string: readonly string[];
}

/** What goes into a graph and comes out: flat, row-major. float16 is held as its bits, bool as 0 and 1. */
export type GraphTensor = {
  readonly [T in GraphType]: {
    readonly type: T;
    readonly dims: readonly number[];
    readonly data: Values[T];
  };
}[GraphType];

export type GraphTensors = Readonly<Record<string, GraphTensor>>;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** TensorProto.DataType of each type. */
export const ELEMENT_OF: Readonly<Record<GraphType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

/** By TensorProto.DataType; undefined: a type that neither JSON nor the runtime's tensors have. */
export const typeOfElement = (element: number): GraphType | undefined =>
  (Object.keys(ELEMENT_OF) as GraphType[]).find((type) => ELEMENT_OF[type] === element);

/** Lowest and highest whole number of the integer types. */
const RANGE: Partial<Record<GraphType, readonly [number, number]>> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  int32: [-2_147_483_648, 2_147_483_647],
  int64: [-(2 ** 63), 2 ** 63 - 1024],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
  uint64: [0, 2 ** 64 - 2048],
  bool: [0, 1],
};

/** What a number of the type is, for messages. */
export function rangeInWords(type: GraphType): string {
  const range = RANGE[type];
  if (type === "bool") return "true or false";
  return range === undefined
    ? "a number"
    : `a whole number from ${range[0].toLocaleString("en-US")} to ${range[1].toLocaleString("en-US")}`;
}

/** Can the type hold the number? Floats hold every one, NaN too (missing). */
export function holds(type: GraphType, value: number): boolean {
  const range = RANGE[type];
  return range === undefined || (Number.isInteger(value) && value >= range[0] && value <= range[1]);
}

/** A zeroed tensor of `size` values, being filled. */
export interface Filling {
  set(at: number, value: number | bigint | string): void;
  done(dims: readonly number[]): GraphTensor;
}

export function filling(type: GraphType, size: number): Filling {
  if (type === "string") {
    const data = new Array<string>(size).fill("");
    return {
      set: (at, value) => {
        data[at] = String(value);
      },
      done: (dims) => ({ type, dims, data }),
    };
  }
  const data = new ARRAYS[type](size);
  const big = data instanceof BigInt64Array || data instanceof BigUint64Array;
  const tensor = (dims: readonly number[]) => ({ type, dims, data }) as GraphTensor;
  if (big)
    return {
      set: (at, value) => {
        data[at] = BigInt(value);
      },
      done: tensor,
    };
  const numbers = data as Exclude<typeof data, BigInt64Array | BigUint64Array>;
  const half = type === "float16";
  return {
    set: (at, value) => {
      numbers[at] = half ? toHalf(Number(value)) : Number(value);
    },
    done: tensor,
  };
}

/** Value `at` as a number; int64 beyond 2^53 rounded; NaN for a string. */
export function numberAt({ type, data }: GraphTensor, at: number): number {
  if (type === "float16") return fromHalf(data[at]!);
  return type === "string" ? Number.NaN : Number(data[at]!);
}

/** Rows `from` (included) to `to` (excluded) along axis 0; shares the memory. */
export function sliceRows(tensor: GraphTensor, from: number, to: number): GraphTensor {
  const [rows = 1, ...rest] = tensor.dims;
  const width = rows === 0 ? 0 : tensor.data.length / rows;
  const data =
    tensor.type === "string"
      ? tensor.data.slice(from * width, to * width)
      : tensor.data.subarray(from * width, to * width);
  return { type: tensor.type, dims: [to - from, ...rest], data } as GraphTensor;
}

/** Tensors of one type and the same row shape, one after the other along axis 0. */
export function joinRows(tensors: readonly GraphTensor[]): GraphTensor {
  const [first] = tensors as readonly [GraphTensor];
  if (tensors.length === 1) return first;
  const rows = tensors.reduce((sum, { dims }) => sum + (dims[0] ?? 1), 0);
  const dims = [rows, ...first.dims.slice(1)];
  if (first.type === "string")
    return { type: "string", dims, data: tensors.flatMap(({ data }) => data as readonly string[]) };
  const size = tensors.reduce((sum, { data }) => sum + data.length, 0);
  const data = new ARRAYS[first.type](size);
  let at = 0;
  for (const tensor of tensors) {
    (data as Float32Array).set(tensor.data as Float32Array, at);
    at += tensor.data.length;
  }
  return { type: first.type, dims, data } as GraphTensor;
}
