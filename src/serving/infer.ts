import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { RequestNote } from "../lib/request-note.ts";
import { type Answer, classProbabilities, unlogged } from "./answer.ts";
import { certaintyTensors } from "./certainty-tensors.ts";
import { asksWhy, explanationTensors } from "./explanation-tensors.ts";
import { inferTensors } from "./infer-tensors.ts";
import type { InferAnswer, InferRequest, Tensor } from "./inference.ts";
import { type PredictDeps, predict } from "./predict.ts";
import { decide, routeOf } from "./routing.ts";
import { MAX_ROWS, type RawRow } from "./rows.ts";
import { wantedOutputs } from "./wanted-outputs.ts";

/**
 * Answers tensors. A model made here takes one tensor per raw column, shape [N] or [N,1]; text columns take the text itself. An
 * imported model takes and gives its graph's own tensors.
 * Throws as `predict` does, and `invalid_input` naming the tensor.
 */
export async function infer(
  deps: PredictDeps,
  input: {
    readonly model: string;
    readonly version?: string | undefined;
    readonly request: InferRequest;
    readonly at: number;
    readonly note?: RequestNote | undefined;
  },
): Promise<InferAnswer> {
  const { model, request, version, at, note } = input;
  const route = routeOf(deps.routes, model);
  const signature = await deps.models.input(decide(route, version).version, route.fields).then(
    (known) => known.signature,
    // Whoever stands in for it answers, or says why not.
    () => undefined,
  );
  if (signature?.graph) {
    const { graph } = signature;
    return inferTensors(deps, { route, version, signature, graph, request, at, note });
  }
  const rows = rowsOf(request.inputs);
  const explain = asksWhy(request);
  return encode(await predict(deps, { model, version, rows, explain, at, note }), request);
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
  const rows = first.shape[0]!;
  if (rows < 1 || rows > MAX_ROWS)
    throw invalid(`inputs.${first.name}.shape: should have 1 to ${MAX_ROWS} rows; it has ${rows}`);
  return Array.from({ length: rows }, (_, i) =>
    Object.fromEntries(tensors.map((tensor) => [tensor.name, cell(tensor, i)])),
  );
}

/** NaN is how a float says that it is missing; an integer that a number cannot hold stays exact, as text. */
function cell({ datatype, data }: Tensor, i: number): Json {
  const value = data[i]!;
  if (typeof value === "bigint")
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (datatype === "BOOL") return typeof value === "number" ? value === 1 : value;
  return Number.isNaN(value) ? null : value;
}

function encode(answer: Answer, request: InferRequest): InferAnswer {
  const { model, rows } = answer;
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
    ...explanationTensors(rows),
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
    parameters: { version_id: version.id, variant, ...unlogged(answer) },
    outputs: wantedOutputs(request.outputs, all, signature.classes),
  };
}

const invalid = (message: string): MillwrightError => new MillwrightError("invalid_input", message);
