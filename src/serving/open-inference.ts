import type { Signature, SignatureColumn } from "../onnx/signature.ts";
import { certaintyOutputs } from "./certainty-tensors.ts";
import type { Datatype, ModelMetadata } from "./inference.ts";
import type { ServedRoute } from "./route.ts";
import { servedVersions } from "./routing.ts";

/** Model metadata as the protocol wants it. */
export function describeModel(route: ServedRoute, signature: Signature): ModelMetadata {
  const versions = servedVersions(route);
  const tensor = (name: string, datatype: Datatype, width: number) => ({
    name,
    datatype,
    shape: [-1, width],
  });
  return {
    name: route.model,
    versions: versions.map((version) => String(version.number)),
    platform: "onnxruntime_onnx",
    inputs: signature.columns.map((column) => tensor(column.name, datatypeOf(column), 1)),
    outputs: [
      ...(signature.task === "regression"
        ? [tensor("value", "FP32", 1)]
        : [
            tensor("label", "BYTES", 1),
            { ...tensor("probability", "FP32", signature.classes.length) },
          ]),
      ...certaintyOutputs(route.champion.abstain, signature),
      tensor("prediction_id", "BYTES", 1),
    ],
    parameters: {
      task: signature.task,
      target: signature.target,
      classes: [...signature.classes],
    },
  };
}

/** Times may be seconds since 1970 (FP64) or ISO 8601 text (BYTES); FP64 is what the model computes with. */
function datatypeOf(column: SignatureColumn): Datatype {
  if (column.role === "numeric") return "FP32";
  return column.role === "time" ? "FP64" : "BYTES";
}
