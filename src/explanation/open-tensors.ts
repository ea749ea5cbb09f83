import type { GraphNodes } from "../onnx/nodes.ts";
import { subGraph } from "../onnx/sub-graph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { TensorSource } from "./explainer.ts";

/** Opens the part of a model that makes the named tensors, inner ones too. Throws `invalid_model` when it cannot be run alone. */
export async function openTensors(
  deps: { readonly runtime: Runtime },
  input: {
    readonly model: Uint8Array;
    readonly graph: GraphNodes;
    readonly names: readonly string[];
  },
): Promise<TensorSource> {
  const names = [...new Set(input.names)];
  const made = names.filter((name) => input.graph.producer(name) !== undefined);
  if (made.length === 0) return { names, session: undefined, bytes: 0 };
  const part = subGraph(input.model, made);
  return { names, session: await deps.runtime.load(part), bytes: part.length };
}
