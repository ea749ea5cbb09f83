import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { Signature, SignatureColumn } from "../onnx/signature.ts";
import { type Answer, classProbabilities } from "./answer.ts";
import type { Route } from "./route.ts";
import type { RawRow } from "./rows.ts";

/**
 * Open Inference Protocol v2 over JSON (github.com/kserve/open-inference-protocol). One tensor per raw column, shape [N] or
 * [N,1]; strings are BYTES. Text columns take the text itself: tokens are made here, not by the client. `null` in `data` is a
 * missing value.
 */
const NUMBERS = new Set(
  "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64".split(" "),
);

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly Json[];
}

/** The rows of an infer request. Throws `invalid_input` naming the tensor. */
export function decodeInfer(body: unknown): { readonly id: string | undefined; rows: RawRow[] } {
  const { id, inputs } = (body ?? {}) as { id?: unknown; inputs?: unknown };
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw invalid("inputs: should be a list of tensors, one per column of the model");
  const tensors = inputs.map(readTensor);
  const rows = tensors[0]!.data.length;
  const seen = new Set<string>();
  for (const { name, data } of tensors) {
    if (seen.has(name)) throw invalid(`inputs: tensor ${name} is there twice`);
    seen.add(name);
    if (data.length !== rows)
      throw invalid(
        `inputs.${name}: has ${data.length} rows but ${tensors[0]!.name} has ${rows}; every tensor needs the same number`,
      );
  }
  return {
    id: typeof id === "string" ? id : undefined,
    rows: Array.from({ length: rows }, (_, i) =>
      Object.fromEntries(tensors.map(({ name, data }) => [name, data[i]!])),
    ),
  };
}

function readTensor(given: unknown, index: number): Tensor {
  const { name, datatype, shape, data } = (given ?? {}) as Partial<Tensor>;
  if (typeof name !== "string" || name === "")
    throw invalid(`inputs[${index}].name: should be the name of a column`);
  const say = (field: string, expected: string) =>
    invalid(`inputs.${name}.${field}: should be ${expected}`);
  if (typeof datatype !== "string" || !(NUMBERS.has(datatype) || datatype === "BYTES"))
    throw say("datatype", `BYTES or one of ${[...NUMBERS].join(", ")}`);
  const fits =
    Array.isArray(shape) &&
    shape.every((d) => Number.isInteger(d) && d >= 0) &&
    (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
  if (!fits) throw say("shape", "[N] or [N,1]");
  if (!Array.isArray(data)) throw say("data", "a list of values");
  const flat: readonly Json[] = data.map((value) =>
    Array.isArray(value) && value.length === 1 ? value[0] : value,
  );
  if (flat.length !== shape[0])
    throw say("data", `${shape[0]} values, as the shape says; there are ${flat.length}`);
  const wanted = datatype === "BYTES" ? "string" : datatype === "BOOL" ? "boolean" : "number";
  flat.forEach((value, i) => {
    if (value !== null && typeof value !== wanted)
      throw say(`data[${i}]`, `a ${wanted}, because the datatype is ${datatype}`);
  });
  return { name, datatype, shape, data: flat };
}

/** The answer of an infer request; `wanted` are the names under `outputs`, all when empty. */
export function encodeInfer(answer: Answer, id: string | undefined, body: unknown): object {
  const { signature, outputs, labels, ids, version, variant, model } = answer;
  const n = ids.length;
  const tensor = (name: string, datatype: string, width: number, data: readonly Json[]) => ({
    name,
    datatype,
    shape: [n, width],
    data,
  });
  const all =
    signature.task === "regression"
      ? [tensor("value", "FP32", 1, outputs.flat())]
      : [
          tensor("label", "BYTES", 1, labels),
          tensor(
            "probability",
            "FP32",
            signature.classes.length,
            outputs.flatMap((output) => classProbabilities(signature, output)),
          ),
        ];
  all.push(tensor("prediction_id", "BYTES", 1, ids));
  return {
    model_name: model,
    model_version: String(version.number),
    ...(id === undefined ? {} : { id }),
    parameters: { version_id: version.id, variant },
    outputs: wantedOf(body, all),
  };
}

function wantedOf<T extends { name: string }>(body: unknown, all: readonly T[]): readonly T[] {
  const { outputs } = body as { outputs?: readonly { name?: unknown }[] };
  if (!Array.isArray(outputs) || outputs.length === 0) return all;
  return outputs.map(({ name }) => {
    const found = all.find((output) => output.name === name);
    if (found !== undefined) return found;
    throw invalid(
      `outputs: there is no ${JSON.stringify(name)}; there are ${all.map((o) => o.name).join(", ")}`,
    );
  });
}

/** Model metadata as the protocol wants it. */
export function describeModel(route: Route, signature: Signature): object {
  const versions = [route.champion, ...(route.shadow === undefined ? [] : [route.shadow])];
  const tensor = (name: string, datatype: string, width: number) => ({
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
      tensor("prediction_id", "BYTES", 1),
    ],
    parameters: { task: signature.task, target: signature.target, classes: signature.classes },
  };
}

/** Times may be seconds since 1970 (FP64) or ISO 8601 text (BYTES); FP64 is what the model computes with. */
function datatypeOf(column: SignatureColumn): string {
  if (column.role === "numeric") return "FP32";
  return column.role === "time" ? "FP64" : "BYTES";
}

const invalid = (message: string): MillwrightError => new MillwrightError("invalid_input", message);
