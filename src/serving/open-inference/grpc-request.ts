import protobuf from "protobufjs/light.js";
import type { Json } from "../../lib/json.ts";
import type { InferRequest, Tensor } from "../inference.ts";
import { elementsOf, wrong } from "./datatypes.ts";
import { CONTENTS } from "./grpc-contents.ts";
import { type Contents, readContents } from "./grpc-read-contents.ts";
import { BYTES, end, FIXED64, fields, part, tag, VARINT, type Wire } from "./grpc-wire.ts";
import {
  checkedDatatype,
  checkedName,
  checkedParameters,
  checkedRequest,
  invalid,
} from "./infer-checks.ts";
import { valuesOfBytes } from "./tensor-bytes.ts";
import { readValues } from "./tensor-json.ts";

export interface GrpcInfer {
  readonly model: string;
  readonly version: string | undefined;
  readonly request: InferRequest;
  /** The inputs came as bytes, so the outputs leave as bytes. */
  readonly raw: boolean;
}

const MAX_SIZES = 64;

interface RawTensor {
  name: string;
  datatype: string;
  readonly shape: number[];
  readonly parameters: Record<string, Json>;
  contents: Contents | undefined;
}

/**
 * Reads a ModelInferRequest. By hand, because a generic reader makes objects from every two bytes somebody sends, and long integers
 * exact only as objects. Throws `invalid_input` naming the tensor and its field.
 */
export function readInferRequest(bytes: Uint8Array): GrpcInfer {
  const wire: Wire = { reader: protobuf.Reader.create(bytes), parts: 0 };
  try {
    return readRequest(wire);
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && error.name === "Error"))
      throw invalid(`The message is no ModelInferRequest: ${error.message.slice(0, 100)}`);
    throw error;
  }
}

function readRequest(wire: Wire): GrpcInfer {
  const { reader } = wire;
  const read = { model: "", version: "", id: "" };
  const parameters: Record<string, Json> = {};
  const inputs: RawTensor[] = [];
  const outputs: InferRequest["outputs"][number][] = [];
  const raw: Uint8Array[] = [];
  fields(wire, reader.len, (key) => {
    if (key === tag(1, BYTES)) read.model = reader.string();
    else if (key === tag(2, BYTES)) read.version = reader.string();
    else if (key === tag(3, BYTES)) read.id = reader.string();
    else if (key === tag(4, BYTES)) readParameter(wire, parameters);
    else if (key === tag(5, BYTES)) inputs.push(readTensor(wire));
    else if (key === tag(6, BYTES)) outputs.push(readOutput(wire, outputs.length));
    else if (key === tag(7, BYTES)) {
      part(wire);
      raw.push(reader.bytes());
    } else return false;
    return true;
  });
  if (raw.length > 0 && raw.length !== inputs.length)
    throw invalid(
      `raw_input_contents: should have one entry per input, ${inputs.length}, or none; there are ${raw.length}`,
    );
  return {
    model: read.model,
    version: read.version === "" ? undefined : read.version,
    raw: raw.length > 0,
    request: checkedRequest({
      id: read.id === "" ? undefined : read.id,
      parameters: checkedParameters(parameters, ""),
      inputs: inputs.map((input, i) => tensorOf(input, i, raw[i])),
      outputs,
    }),
  };
}

function tensorOf(given: RawTensor, index: number, raw: Uint8Array | undefined): Tensor {
  const name = checkedName(given.name, `inputs[${index}]`);
  const datatype = checkedDatatype(name, given.datatype);
  const { shape, contents } = given;
  const elements = elementsOf(name, shape);
  checkedParameters(given.parameters, `inputs.${name}.`);
  if (raw !== undefined) {
    if (contents !== undefined)
      throw wrong(name, "contents", "left out: the request has raw_input_contents");
    return { name, datatype, shape, data: valuesOfBytes(name, datatype, elements, raw) };
  }
  const field = CONTENTS[datatype];
  if (field === undefined)
    throw wrong(name, "contents", `sent as raw_input_contents: ${datatype} has no typed field`);
  if (contents !== undefined && contents.field !== field)
    throw wrong(
      name,
      `contents.${contents.field}`,
      `${field}, because the datatype is ${datatype}`,
    );
  const data = contents?.values ?? [];
  if (Array.isArray(data))
    return { name, datatype, shape, data: readValues(name, datatype, shape, elements, data) };
  if (data.length !== elements)
    throw wrong(
      name,
      "contents",
      `${elements} values, as the shape [${shape}] says; there are ${data.length}`,
    );
  return { name, datatype, shape, data };
}

function readTensor(wire: Wire): RawTensor {
  part(wire);
  const { reader } = wire;
  const tensor: RawTensor = {
    ...{ name: "", datatype: "", shape: [], parameters: {}, contents: undefined },
  };
  fields(wire, end(reader), (key) => {
    if (key === tag(1, BYTES)) tensor.name = reader.string();
    else if (key === tag(2, BYTES)) tensor.datatype = reader.string();
    else if (key === tag(3, BYTES))
      for (const stop = end(reader); reader.pos < stop; ) readSize(reader, tensor.shape);
    else if (key === tag(3, VARINT)) readSize(reader, tensor.shape);
    else if (key === tag(4, BYTES)) readParameter(wire, tensor.parameters);
    else if (key === tag(5, BYTES)) tensor.contents = readContents(wire, tensor.name);
    else return false;
    return true;
  });
  return tensor;
}

function readSize(reader: protobuf.Reader, shape: number[]): void {
  if (shape.length >= MAX_SIZES) throw invalid(`inputs: a shape has more than ${MAX_SIZES} sizes`);
  shape.push(Number(reader.int64()));
}

function readOutput(wire: Wire, index: number): InferRequest["outputs"][number] {
  part(wire);
  const { reader } = wire;
  let name = "";
  const parameters: Record<string, Json> = {};
  fields(wire, end(reader), (key) => {
    if (key === tag(1, BYTES)) name = reader.string();
    else if (key === tag(2, BYTES)) readParameter(wire, parameters);
    else return false;
    return true;
  });
  checkedName(name, `outputs[${index}]`);
  return { name, parameters: checkedParameters(parameters, `outputs.${name}.`) };
}

function readParameter(wire: Wire, into: Record<string, Json>): void {
  part(wire);
  const { reader } = wire;
  let name = "";
  let value: Json = null;
  fields(wire, end(reader), (key) => {
    if (key === tag(1, BYTES)) name = reader.string();
    else if (key === tag(2, BYTES))
      fields(wire, end(reader), (choice) => {
        if (choice === tag(1, VARINT)) value = reader.bool();
        else if (choice === tag(2, VARINT)) value = exact(reader.int64());
        else if (choice === tag(3, BYTES)) value = reader.string();
        else if (choice === tag(4, FIXED64)) value = reader.double();
        else if (choice === tag(5, VARINT)) value = exact(reader.uint64());
        else return false;
        return true;
      });
    else return false;
    return true;
  });
  Object.defineProperty(into, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/** A number, or its digits as text when no number is exact. */
const exact = (value: unknown): number | string =>
  Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
