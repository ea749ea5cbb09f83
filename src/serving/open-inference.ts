import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { Signature, SignatureColumn } from "../onnx/signature.ts";
import { certaintyOutputs } from "./certainty-tensors.ts";
import {
  DATATYPES,
  type Datatype,
  type InferAnswer,
  type InferRequest,
  type ModelMetadata,
  type Tensor,
} from "./inference.ts";
import type { ServedRoute } from "./route.ts";
import { servedVersions } from "./routing.ts";

/** Open Inference Protocol v2 over JSON. `null` in `data` is a missing value. Throws `invalid_input` naming the tensor. */
export function decodeInfer(body: unknown): InferRequest {
  const { id, inputs, outputs, parameters } = (body ?? {}) as Record<string, unknown>;
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw invalid("inputs: should be a list of tensors, one per column of the model");
  return {
    id: typeof id === "string" ? id : undefined,
    parameters: (parameters ?? {}) as Record<string, Json>,
    inputs: inputs.map(readTensor),
    outputs: Array.isArray(outputs)
      ? outputs.map((output) => ({
          name: String(output?.name),
          parameters: output?.parameters ?? {},
        }))
      : [],
  };
}

function readTensor(given: unknown, index: number): Tensor {
  const { name, datatype, shape, data } = (given ?? {}) as Partial<Record<keyof Tensor, unknown>>;
  if (typeof name !== "string" || name === "")
    throw invalid(`inputs[${index}].name: should be the name of a column`);
  const say = (field: string, expected: string) =>
    invalid(`inputs.${name}.${field}: should be ${expected}`);
  if (!DATATYPES.includes(datatype as Datatype))
    throw say("datatype", `one of ${DATATYPES.join(", ")}`);
  if (!Array.isArray(shape) || !shape.every((d) => Number.isInteger(d) && d >= 0))
    throw say("shape", "a list of sizes such as [N] or [N,1]");
  if (!Array.isArray(data)) throw say("data", "a list of values");
  const flat = data.flat(Number.POSITIVE_INFINITY) as Json[];
  const size = shape.reduce((product: number, d: number) => product * d, 1);
  if (flat.length !== size)
    throw say("data", `${size} values, as the shape says; there are ${flat.length}`);
  const wanted = datatype === "BYTES" ? "string" : datatype === "BOOL" ? "boolean" : "number";
  flat.forEach((value, i) => {
    if (value !== null && typeof value !== wanted)
      throw say(`data[${i}]`, `a ${wanted}, because the datatype is ${datatype}`);
  });
  return { name, datatype: datatype as Datatype, shape, data: flat as (string | number)[] };
}

export const encodeInfer = ({ model, version, id, ...rest }: InferAnswer): object => ({
  model_name: model,
  model_version: version,
  ...(id === undefined ? {} : { id }),
  ...rest,
});

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
    platform: "onnx",
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

const invalid = (message: string): MillwrightError => new MillwrightError("invalid_input", message);
