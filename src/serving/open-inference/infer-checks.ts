import { MillwrightError } from "../../errors.ts";
import type { Json } from "../../lib/json.ts";
import { DATATYPES, type Datatype, type InferRequest } from "../inference.ts";
import { DATATYPE_SPECS, isDatatype, wrong } from "./datatypes.ts";

/** Checks that every encoding of a request needs: names there and different, known datatypes, nothing that is not supported. */

type Parameters = Readonly<Record<string, Json>>;

/** Throws `invalid_input` when a tensor is asked for or given twice. */
export function checkedRequest(request: InferRequest): InferRequest {
  if (request.inputs.length === 0)
    throw invalid("inputs: should be a list of tensors, one per column of the model");
  const twice = repeated(request.inputs);
  if (twice !== undefined) throw invalid(`inputs: tensor ${twice} is there twice`);
  const again = repeated(request.outputs);
  if (again !== undefined) throw invalid(`outputs: ${again} is asked for twice`);
  return request;
}

function repeated(named: readonly { readonly name: string }[]): string | undefined {
  if (named.length < 2) return undefined;
  const seen = new Set<string>();
  for (const { name } of named) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

export function checkedName(given: unknown, field: string): string {
  if (typeof given === "string" && given !== "") return given;
  throw invalid(`${field}.name: should be the name of a tensor`);
}

export function checkedDatatype(name: string, given: unknown): Datatype {
  if (isDatatype(given)) return given;
  throw wrong(name, "datatype", `one of ${DATATYPES.join(", ")}`);
}

const NONE: Parameters = {};

/** Names with texts, numbers and booleans. Throws `unsupported` for shared memory: this server only reads what it is sent. */
export function checkedParameters(given: unknown, field: string): Parameters {
  if (given === undefined || given === null) return NONE;
  if (typeof given !== "object" || Array.isArray(given))
    throw invalid(`${field}parameters: should be an object`);
  if (Object.hasOwn(given, "shared_memory_region"))
    throw new MillwrightError(
      "unsupported",
      `${field}parameters.shared_memory_region: shared memory is not supported; send the tensor in the request, and read outputs from the answer.`,
    );
  return given as Parameters;
}

/** How many values of this datatype have the given size in bytes; undefined when they do not fit, or differ in size. */
export function countOf(datatype: Datatype, bytes: number): number | undefined {
  const size = DATATYPE_SPECS[datatype].bytes;
  return size === 0 || bytes % size !== 0 ? undefined : bytes / size;
}

export const invalid = (message: string): MillwrightError =>
  new MillwrightError("invalid_input", message);
