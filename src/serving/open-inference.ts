import type { GraphBinding, Signature, SignatureColumn } from "../onnx/signature.ts";
import { certaintyOutputs } from "./certainty-tensors.ts";
import { graphMetadata } from "./graph-tensors.ts";
import type { Datatype, ModelMetadata } from "./inference.ts";
import type { ServedRoute } from "./route.ts";
import { servedVersions } from "./routing.ts";

/** Model metadata as the protocol wants it. */
export function describeModel(route: ServedRoute, signature: Signature): ModelMetadata {
  const versions = servedVersions(route);
  return {
    name: route.model,
    versions: versions.map((version) => String(version.number)),
    platform: "onnxruntime_onnx",
    ...(signature.graph ? ofGraph(signature.graph) : ofColumns(route, signature)),
    parameters: {
      task: signature.task,
      target: signature.target,
      classes: [...signature.classes],
    },
  };
}

const PREDICTION_ID = { name: "prediction_id", datatype: "BYTES", shape: [-1, 1] } as const;

function ofGraph(graph: GraphBinding): Pick<ModelMetadata, "inputs" | "outputs"> {
  const { inputs, outputs } = graphMetadata(graph);
  const named = outputs.some(({ name }) => name === PREDICTION_ID.name);
  return { inputs, outputs: named ? outputs : [...outputs, PREDICTION_ID] };
}

function ofColumns(
  route: ServedRoute,
  signature: Signature,
): Pick<ModelMetadata, "inputs" | "outputs"> {
  const tensor = (name: string, datatype: Datatype, width: number) => ({
    name,
    datatype,
    shape: [-1, width],
  });
  return {
    inputs: signature.columns.map((column) => tensor(column.name, datatypeOf(column), 1)),
    outputs: [
      ...(signature.task === "regression"
        ? [tensor("value", "FP32", 1)]
        : [
            tensor("label", "BYTES", 1),
            { ...tensor("probability", "FP32", signature.classes.length) },
          ]),
      ...certaintyOutputs(route.champion.abstain, signature),
      PREDICTION_ID,
    ],
  };
}

/** Times may be seconds since 1970 (FP64) or ISO 8601 text (BYTES); FP64 is what the model computes with. */
function datatypeOf(column: SignatureColumn): Datatype {
  if (column.role === "numeric") return "FP32";
  return column.role === "time" ? "FP64" : "BYTES";
}
