import type { JsonSchema } from "../../http/http.ts";
import { DATATYPES } from "../inference.ts";

/** The messages of the protocol, for the description of the API. */

const text: JsonSchema = { type: "string" };
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });
const object = (
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = Object.keys(properties),
): JsonSchema => ({ type: "object", properties, ...(required.length > 0 ? { required } : {}) });
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const parameters: JsonSchema = {
  type: "object",
  additionalProperties: { type: ["string", "number", "boolean", "array", "object", "null"] },
};
const datatype: JsonSchema = { type: "string", enum: [...DATATYPES] };
const sizes = (least: number): JsonSchema => list({ type: "integer", minimum: least });
const values: JsonSchema = {
  type: "array",
  description:
    'Flat, or nested as the shape says. null is a missing value; floats may be "NaN", "Infinity" and "-Infinity"; 64-bit integers may be text, and beyond 2^53 must be.',
};

export const INFERENCE_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  InferRequest: object(
    {
      id: text,
      parameters: {
        ...parameters,
        description: "`binary_data_output`: all outputs as bytes after the JSON.",
      },
      inputs: { ...list(ref("InferInput")), minItems: 1 },
      outputs: {
        ...list(object({ name: text, parameters }, ["name"])),
        description:
          "All when left out. Parameters: `binary_data`, `classification` (the largest so many values, as texts).",
      },
    },
    ["inputs"],
  ),
  InferInput: object({ name: text, datatype, shape: sizes(0), parameters, data: values }, [
    "name",
    "datatype",
    "shape",
  ]),
  InferResponse: object(
    {
      model_name: text,
      model_version: text,
      id: text,
      parameters,
      outputs: list(ref("InferOutput")),
    },
    ["model_name", "model_version", "outputs"],
  ),
  InferOutput: object({ name: text, datatype, shape: sizes(0), parameters, data: values }, [
    "name",
    "datatype",
    "shape",
  ]),
  ServerMetadata: object({ name: text, version: text, extensions: list(text) }),
  ModelMetadata: object({
    name: text,
    versions: list(text),
    platform: text,
    inputs: list(ref("TensorMetadata")),
    outputs: list(ref("TensorMetadata")),
    parameters,
  }),
  TensorMetadata: object({ name: text, datatype, shape: sizes(-1) }),
  ModelIndexEntry: object({
    name: text,
    version: text,
    state: { type: "string", enum: ["READY", "UNAVAILABLE"] },
    reason: text,
  }),
  ModelStatistics: object({
    model_stats: list({
      ...object({ name: text, version: text }),
      description: "As in Triton's statistics extension; only success and fail are measured.",
    }),
  }),
};

export const json = (name: string): Readonly<Record<string, JsonSchema>> => ({
  "application/json": ref(name),
});
export const jsonList = (name: string): Readonly<Record<string, JsonSchema>> => ({
  "application/json": list(ref(name)),
});
export const jsonObject = (
  properties: Readonly<Record<string, JsonSchema>>,
): Readonly<Record<string, JsonSchema>> => ({ "application/json": object(properties) });

/** JSON, and tensors as bytes after it. */
export const jsonAndBytes = (name: string): Readonly<Record<string, JsonSchema>> => ({
  ...json(name),
  "application/octet-stream": {
    type: "string",
    contentMediaType: "application/octet-stream",
    description:
      "The JSON, of as many bytes as the header Inference-Header-Content-Length says, then the tensors with `binary_data_size` one after the other.",
  },
});
