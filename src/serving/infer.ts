import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import { type Answer, classProbabilities } from "./answer.ts";
import { certaintyTensors } from "./certainty-tensors.ts";
import type { InferAnswer, InferRequest, Tensor } from "./inference.ts";
import { type PredictDeps, predict } from "./predict.ts";
import type { RawRow } from "./rows.ts";

/**
 * Answers tensors. A model made here takes one tensor per raw column, shape [N] or [N,1]; text columns take the text itself.
 * Throws as `predict` does, and `invalid_input` naming the tensor.
 */
export async function infer(
  deps: PredictDeps,
  input: {
    readonly model: string;
    readonly version?: string | undefined;
    readonly request: InferRequest;
    readonly at: number;
  },
): Promise<InferAnswer> {
  const { request } = input;
  const rows = rowsOf(request.inputs);
  return encode(await predict(deps, { ...input, rows }), request);
}

function rowsOf(tensors: readonly Tensor[]): RawRow[] {
  const [first] = tensors;
  if (first === undefined)
    throw invalid("inputs: should be a list of tensors, one per column of the model");
  const seen = new Set<string>();
  for (const { name, shape } of tensors) {
    if (seen.has(name)) throw invalid(`inputs: tensor ${name} is there twice`);
    seen.add(name);
    if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1))
      throw invalid(`inputs.${name}.shape: should be [N] or [N,1]`);
    if (shape[0] !== first.shape[0])
      throw invalid(
        `inputs.${name}: has ${shape[0]} rows but ${first.name} has ${first.shape[0]}; every tensor needs the same number`,
      );
  }
  return Array.from({ length: first.shape[0]! }, (_, i) =>
    Object.fromEntries(tensors.map(({ name, data }) => [name, cell(data[i]!)])),
  );
}

const cell = (value: Json | bigint): Json => (typeof value === "bigint" ? Number(value) : value);

function encode({ model, rows }: Answer, request: InferRequest): InferAnswer {
  const { signature, version, variant } = rows[0]!.by;
  const tensor = (
    name: string,
    datatype: Tensor["datatype"],
    width: number,
    data: Tensor["data"],
  ): Tensor => ({ name, datatype, shape: [rows.length, width], data });
  const all =
    signature.task === "regression"
      ? [
          tensor(
            "value",
            "FP32",
            1,
            rows.flatMap(({ output }) => output),
          ),
        ]
      : [
          tensor(
            "label",
            "BYTES",
            1,
            rows.map(({ label, certainty }) => (certainty?.abstained ? "" : label)),
          ),
          tensor(
            "probability",
            "FP32",
            signature.classes.length,
            rows.flatMap(({ output }) => classProbabilities(signature, output)),
          ),
        ];
  all.push(
    ...certaintyTensors(rows),
    tensor(
      "prediction_id",
      "BYTES",
      1,
      rows.map(({ id }) => id),
    ),
  );
  return {
    model,
    version: String(version.number),
    id: request.id,
    parameters: { version_id: version.id, variant },
    outputs: wantedOf(request.outputs, all),
  };
}

function wantedOf(wanted: InferRequest["outputs"], all: readonly Tensor[]): readonly Tensor[] {
  if (wanted.length === 0) return all;
  return wanted.map(({ name }) => {
    const found = all.find((output) => output.name === name);
    if (found !== undefined) return found;
    throw invalid(
      `outputs: there is no ${JSON.stringify(name)}; there are ${all.map((o) => o.name).join(", ")}`,
    );
  });
}

const invalid = (message: string): MillwrightError => new MillwrightError("invalid_input", message);
