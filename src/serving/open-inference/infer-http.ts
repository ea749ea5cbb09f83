import { readJson } from "../../lib/read-json.ts";
import { utf8Bytes, utf8Text } from "../../lib/utf8.ts";
import type {
  InferAnswer,
  InferRequest,
  ModelMetadata,
  Tensor,
  TensorMetadata,
} from "../inference.ts";
import { elementsOf, wrong } from "./datatypes.ts";
import {
  checkedDatatype,
  checkedName,
  checkedParameters,
  checkedRequest,
  countOf,
  invalid,
} from "./infer-checks.ts";
import { numbersText } from "./numbers-text.ts";
import { bytesOfTensor, valuesOfBytes } from "./tensor-bytes.ts";
import { isWide, jsonValues, readValues, valuesText } from "./tensor-json.ts";

/**
 * Open Inference Protocol v2 over HTTP: JSON, and its binary tensor data extension, in which tensors follow the JSON as bytes
 * (github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md and extension_binary_data.md).
 */

/** How many bytes of a body are JSON, when tensors follow it. */
export const JSON_LENGTH = "inference-header-content-length";

/** What follows the JSON, read from front to back in the order of the tensors. */
interface Tail {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * @param header of `JSON_LENGTH`; undefined: all of the body is JSON.
 * @param metadata of the model; only asked when the header is 0, which makes the whole body the one tensor the model takes.
 * Throws `invalid_input` naming the tensor and its field, `unsupported` for shared memory.
 */
export function decodeInfer(
  body: Uint8Array | undefined,
  header: string | undefined,
  metadata?: Pick<ModelMetadata, "inputs">,
): InferRequest {
  if (body === undefined || body.length === 0)
    throw invalid("The body is empty: send a JSON object with inputs.");
  if (header === undefined) {
    const text = utf8Text(body);
    return readRequest(readJson(text), undefined, text);
  }
  const length = /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (!(length <= body.length))
    throw invalid(
      `Inference-Header-Content-Length: should be the bytes of JSON in the body, at most ${body.length}; it is ${JSON.stringify(header.slice(0, 20))}`,
    );
  if (length === 0) return bareTensor(body, metadata?.inputs ?? []);
  const tail = { bytes: body, at: length };
  const request = readRequest(readJson(utf8Text(body.subarray(0, length))), tail);
  if (tail.at !== body.length)
    throw invalid(
      `The body has ${body.length - tail.at} bytes after its last tensor: every tensor needs its binary_data_size.`,
    );
  return request;
}

/** @param text that is `json`. */
function readRequest(json: unknown, tail: Tail | undefined, text?: string): InferRequest {
  const { id, inputs, outputs, parameters } = asObject(json, "The body");
  if (id !== undefined && typeof id !== "string") throw invalid("id: should be text");
  if (!Array.isArray(inputs)) throw invalid("inputs: should be a list of tensors");
  if (outputs !== undefined && !Array.isArray(outputs))
    throw invalid("outputs: should be a list of objects with a name");
  return checkedRequest({
    id,
    parameters: checkedParameters(parameters, ""),
    inputs: inputs.map((input, i) =>
      readTensor(input, i, tail, inputs.length === 1 ? text : undefined),
    ),
    outputs: (outputs ?? []).map((output: unknown, i) => {
      const given = asObject(output, `outputs[${i}]`);
      const name = checkedName(given.name, `outputs[${i}]`);
      return { name, parameters: checkedParameters(given.parameters, `outputs.${name}.`) };
    }),
  });
}

/** @param text the JSON of a request in which it is the only tensor. */
function readTensor(
  json: unknown,
  index: number,
  tail: Tail | undefined,
  text: string | undefined,
): Tensor {
  const given = asObject(json, `inputs[${index}]`);
  const name = checkedName(given.name, `inputs[${index}]`);
  const datatype = checkedDatatype(name, given.datatype);
  const shape = given.shape;
  if (!Array.isArray(shape)) throw wrong(name, "shape", "a list of sizes such as [N] or [N,1]");
  const elements = elementsOf(name, shape);
  const parameters = checkedParameters(given.parameters, `inputs.${name}.`);
  const size = parameters.binary_data_size;
  if (size === undefined) {
    const data = readValues(name, datatype, shape, elements, given.data);
    return { name, datatype, shape, data, text: text && numbersText(text) };
  }
  if (given.data !== undefined)
    throw wrong(name, "data", "left out: with binary_data_size the values follow the JSON");
  const bytes = nextBytes(name, size, tail);
  return { name, datatype, shape, data: valuesOfBytes(name, datatype, elements, bytes) };
}

function nextBytes(name: string, size: unknown, tail: Tail | undefined): Uint8Array {
  const field = "parameters.binary_data_size";
  if (tail === undefined)
    throw wrong(name, field, "left out, or the header Inference-Header-Content-Length sent");
  const left = tail.bytes.length - tail.at;
  if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > left)
    throw wrong(name, field, `a number of bytes; ${left} are left in the body`);
  const start = tail.at;
  tail.at += size as number;
  return tail.bytes.subarray(start, tail.at);
}

/** The body is nothing but the values of the model's only input, of which one size at most is open. */
function bareTensor(body: Uint8Array, inputs: readonly TensorMetadata[]): InferRequest {
  const [only] = inputs;
  if (only === undefined || inputs.length > 1)
    throw invalid(
      `Inference-Header-Content-Length: 0 says that the body is one tensor, but the model takes ${inputs.length}.`,
    );
  const { name, datatype } = only;
  const open = only.shape.filter((size) => size < 0).length;
  const rest = only.shape.reduce((product, size) => product * Math.abs(size), 1);
  const values = datatype === "BYTES" ? 1 : countOf(datatype, body.length);
  const free = values === undefined ? Number.NaN : values / rest;
  if (open > 1 || !Number.isInteger(free) || (open === 0 && free !== 1))
    throw wrong(
      name,
      "data",
      `whole rows of ${datatype} [${only.shape}]; the body has ${body.length} bytes`,
    );
  const shape = only.shape.map((size) => (size < 0 ? free : size));
  const data = valuesOfBytes(name, datatype, free * rest, body);
  return {
    id: undefined,
    parameters: { binary_data_output: true },
    inputs: [{ name, datatype, shape, data }],
    outputs: [],
  };
}

function asObject(given: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof given === "object" && given !== null && !Array.isArray(given))
    return given as Record<string, unknown>;
  throw invalid(`${what}: should be a JSON object`);
}

export interface EncodedInfer {
  readonly body: string | Uint8Array;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer as the request wants it: outputs as JSON unless `binary_data` of the output or `binary_data_output` says bytes. */
export function encodeInfer(answer: InferAnswer, request: InferRequest): EncodedInfer {
  const tails: Uint8Array[] = [];
  const wide: Tensor[] = [];
  const outputs = answer.outputs.map((output) => {
    const { name, datatype, shape, parameters } = output;
    if (isBinary(output, request)) {
      const bytes = bytesOfTensor(output);
      tails.push(bytes);
      return {
        ...{ name, datatype, shape },
        parameters: { ...parameters, binary_data_size: bytes.length },
      };
    }
    if (!isWide(output)) return { name, datatype, shape, parameters, data: jsonValues(output) };
    wide.push(output);
    return { name, datatype, shape, parameters, data: WIDE };
  });
  const text = JSON.stringify({
    model_name: answer.model,
    model_version: answer.version,
    id: answer.id,
    parameters: answer.parameters,
    outputs,
  });
  const exact = wide.length === 0 ? text : withWide(text, wide);
  if (tails.length === 0) return { body: exact, type: "application/json; charset=utf-8" };
  return { ...joined(utf8Bytes(exact), tails), type: "application/octet-stream" };
}

function joined(json: Uint8Array, tails: readonly Uint8Array[]): Omit<EncodedInfer, "type"> {
  const body = new Uint8Array(tails.reduce((sum, { length }) => sum + length, json.length));
  body.set(json);
  let at = json.length;
  for (const tail of tails) {
    body.set(tail, at);
    at += tail.length;
  }
  return { body, headers: { [JSON_LENGTH]: String(json.length) } };
}

/** Stands for the values of one output. Inside of a JSON text its first quote could not be bare. */
const WIDE = "wide integers";
const WIDE_TEXT = `"data":"${WIDE}"`;

function withWide(text: string, wide: readonly Tensor[]): string {
  const parts = text.split(WIDE_TEXT);
  return parts
    .map((part, i) => (i === 0 ? part : `"data":${valuesText(wide[i - 1]!)}${part}`))
    .join("");
}

function isBinary({ name }: Tensor, { outputs, parameters }: InferRequest): boolean {
  const wanted = outputs.find((output) => output.name === name)?.parameters.binary_data;
  return wanted === undefined ? parameters.binary_data_output === true : wanted === true;
}
