import type { Json } from "../../lib/json.ts";
import type { InferAnswer } from "../inference.ts";
import { contentsOf } from "./grpc-contents.ts";
import { bytesOfTensor } from "./tensor-bytes.ts";

/**
 * A ModelInferResponse, for `encodeMessage`.
 * @param raw outputs as bytes; else in typed fields, unless an output is FP16, which has none: all or none are bytes.
 */
export function inferResponse(answer: InferAnswer, raw: boolean): object {
  const { model, version, id, parameters, outputs } = answer;
  const bytes = raw || outputs.some(({ datatype }) => datatype === "FP16");
  return {
    ...{ model_name: model, model_version: version, id: id ?? "" },
    parameters: parametersOf(parameters),
    outputs: outputs.map((output) => ({
      name: output.name,
      datatype: output.datatype,
      shape: output.shape,
      ...(output.parameters === undefined ? {} : { parameters: parametersOf(output.parameters) }),
      ...(bytes ? {} : { contents: contentsOf(output) }),
    })),
    ...(bytes ? { raw_output_contents: outputs.map(bytesOfTensor) } : {}),
  };
}

const parametersOf = (parameters: Readonly<Record<string, Json>>): object =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, choice(value)]));

function choice(value: Json): object {
  if (typeof value === "boolean") return { bool_param: value };
  if (typeof value === "string") return { string_param: value };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { int64_param: value } : { double_param: value };
  return { string_param: JSON.stringify(value) };
}
