/** Runs an ONNX file once, for parity tests: the native runtime, or the WebAssembly one where that is not installed. */
export interface OnnxFeed {
  readonly type: "float32" | "int64" | "string" | "float64";
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | readonly string[];
}

export async function runOnnx(
  file: Uint8Array,
  feeds: Readonly<Record<string, OnnxFeed>>,
): Promise<Record<string, { dims: readonly number[]; data: Float32Array }>> {
  const ort = await import("onnxruntime-node").catch(() => import("onnxruntime-web"));
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1 });
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      // biome-ignore lint/suspicious/noExplicitAny: the constructor has one overload a type.
      new (ort.Tensor as any)(type, data, dims),
    ]),
  );
  const results = await session.run(tensors);
  return Object.fromEntries(
    Object.entries(results).map(([name, t]) => [
      name,
      { dims: t.dims, data: t.data as Float32Array },
    ]),
  );
}
