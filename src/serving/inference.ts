import type { Json } from "../lib/json.ts";

/**
 * Requests and answers of the Open Inference Protocol v2 (github.com/kserve/open-inference-protocol), as every encoding of it
 * means them: JSON, binary tensors, gRPC. The encodings are codecs to and from these; `infer.ts` answers them.
 */
export interface InferRequest {
  readonly id: string | undefined;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly inputs: readonly Tensor[];
  /** All outputs when empty. */
  readonly outputs: readonly {
    readonly name: string;
    readonly parameters: Readonly<Record<string, Json>>;
  }[];
}

export interface InferAnswer {
  readonly model: string;
  /** A version's number. */
  readonly version: string;
  readonly id: string | undefined;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly outputs: readonly Tensor[];
}

export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorValues;
  /** `data` as the caller wrote it: a list of numbers in JSON without brackets and line breaks. */
  readonly text?: string | undefined;
  readonly parameters?: Readonly<Record<string, Json>>;
}

/**
 * Flat, row-major. A list may hold null for a missing value. BYTES are texts, BOOL is 0 and 1 in typed arrays, FP16 has the values
 * of a Float32Array.
 */
export type TensorValues =
  | readonly (string | number | boolean | null)[]
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export const DATATYPES = [
  "BOOL",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64",
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "FP16",
  "FP32",
  "FP64",
  "BYTES",
] as const;

export type Datatype = (typeof DATATYPES)[number];

/** What a model takes and gives, in the protocol's words. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  /** -1 = any size. */
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly parameters: Readonly<Record<string, Json>>;
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}
