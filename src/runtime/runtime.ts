/** The port behind which ONNX files run. Evaluation and serving use the same one, so that what was judged is what answers. */
export type TensorData =
  | { readonly type: "float32"; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly type: "float64"; readonly dims: readonly number[]; readonly data: Float64Array }
  | { readonly type: "int64"; readonly dims: readonly number[]; readonly data: BigInt64Array }
  | { readonly type: "int32"; readonly dims: readonly number[]; readonly data: Int32Array }
  | { readonly type: "bool" | "uint8"; readonly dims: readonly number[]; readonly data: Uint8Array }
  | { readonly type: "string"; readonly dims: readonly number[]; readonly data: readonly string[] };

export interface TensorSpec {
  readonly name: string;
  readonly type: TensorData["type"];
  /** null = any size. */
  readonly shape: readonly (number | null)[];
}

export interface Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Blocks the event loop while it computes (ONNX Runtime for Node does): batches above ~1,000 rows belong in a compute thread. */
  run(feeds: Readonly<Record<string, TensorData>>): Promise<Readonly<Record<string, TensorData>>>;
  close(): Promise<void>;
}

export interface Runtime {
  /** e.g. `onnxruntime-node 1.30.0`. */
  readonly name: string;
  /** Throws MillwrightError `invalid_model` when the bytes are no usable ONNX model. */
  load(model: Uint8Array): Promise<Session>;
}
