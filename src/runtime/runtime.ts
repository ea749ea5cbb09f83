import type { Pack } from "../onnx/pack-inputs.ts";
import type { GraphTensor } from "../onnx/tensor.ts";

/** The port behind which ONNX files run. Evaluation and serving use the same one, so that what was judged is what answers. */
export type TensorData = GraphTensor;

export interface TensorSpec {
  readonly name: string;
  readonly type: TensorData["type"];
  /** null = any size. */
  readonly shape: readonly (number | null)[];
}

export interface Session {
  /** Inputs it also takes side by side, as one tensor [N, inputs.length] under the pack's name: faster than one by one. */
  readonly packs?: readonly Pack[];
  /** Runs that may go on at once in threads of their own; 0 or absent: `run` blocks this thread while it computes. */
  readonly lanes?: number;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Blocks the event loop while it computes (ONNX Runtime for Node does): batches above ~1,000 rows belong in a compute thread. */
  run(feeds: Readonly<Record<string, TensorData>>): Promise<Readonly<Record<string, TensorData>>>;
  close(): Promise<void>;
  /** Its graph is loaded once for all models that have the same: it costs its numbers only. */
  readonly sharesGraph?: boolean;
}

export interface LoadOptions {
  /** Other models of the same graph and with other numbers are expected: they share one, which saves each the memory of its own. */
  readonly siblings?: boolean;
  /** Reads the file once more, so that nobody has to keep it in memory. */
  readonly again?: () => Promise<Uint8Array>;
}

export interface Runtime {
  /** e.g. `onnxruntime-node 1.30.0`. */
  readonly name: string;
  /** Throws MillwrightError `invalid_model` when the bytes are no usable ONNX model. */
  load(model: Uint8Array, options?: LoadOptions): Promise<Session>;
  /** Ends what it has started beside this thread, when it has. */
  close?(): Promise<void>;
}
