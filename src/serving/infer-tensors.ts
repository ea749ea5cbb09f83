import type { RequestNote } from "../lib/request-note.ts";
import { fromOutputs } from "../onnx/feeds.ts";
import type { GraphBinding, Signature } from "../onnx/signature.ts";
import { type GraphTensors, joinRows } from "../onnx/tensor.ts";
import { type Answer, labelOf, unlogged } from "./answer.ts";
import { asksWhy, explanationTensors } from "./explanation-tensors.ts";
import { feedsOf, rowOf, tensorOf } from "./graph-tensors.ts";
import type { InferAnswer, InferRequest, Tensor } from "./inference.ts";
import { type PredictDeps, predict } from "./predict.ts";
import type { LogRecord } from "./prediction.ts";
import type { ServedRoute } from "./route.ts";
import { decide, isSimple, knownRoute } from "./routing.ts";
import { tensorRowTexts } from "./tensor-row-texts.ts";
import { wantedOutputs } from "./wanted-outputs.ts";

/**
 * Answers an imported model with its graph's own tensors. Where one version answers, tensors stay tensors from the request to
 * the answer, and calls of one moment share a run; a route that divides rows or has somebody to stand in takes them as rows.
 * Throws as `predict` does, and `invalid_input` naming the tensor.
 */
export async function inferTensors(
  deps: PredictDeps,
  input: {
    readonly route: ServedRoute;
    readonly version: string | undefined;
    readonly signature: Signature;
    readonly graph: GraphBinding;
    readonly request: InferRequest;
    readonly at: number;
    readonly note?: RequestNote | undefined;
  },
): Promise<InferAnswer> {
  const { route, signature, graph, request, at } = input;
  const { feeds, rows } = feedsOf(graph, request.inputs);
  const own = knownRoute(deps.routes, route.model);
  if (!isSimple(own) || asksWhy(request)) {
    const { model } = route;
    const rowList = Array.from({ length: rows }, (_, i) => rowOf(graph, feeds, i, false));
    const explain = asksWhy(request);
    return ofRows(await predict(deps, { ...input, model, rows: rowList, explain }), graph, request);
  }
  const { version, variant, shadow } = decide(route, input.version);
  input.note?.done("check");
  const outputs = await deps.models.run(version, { feeds, rows }, input.note);
  const { width, values } = fromOutputs(signature, outputs);
  const latencyMs = deps.clock.now() - at;
  const texts = tensorRowTexts(graph, request.inputs);
  // Nobody looks at them where the log has texts and no shadow asks.
  const wanted = texts === undefined || shadow !== undefined;
  const records: LogRecord[] = [];
  for (let i = 0; i < rows; i++) {
    const output: number[] = [];
    for (let k = 0; k < width; k++) output.push(values[i * width + k]!);
    records.push({
      kind: "prediction",
      id: deps.newPredictionId(),
      model: route.model,
      version: version.id,
      variant,
      at,
      eventTime: at,
      key: undefined,
      inputs: wanted ? rowOf(graph, feeds, i, true) : {},
      output,
      label: labelOf(signature, output),
      latencyMs,
    });
  }
  const logged = await deps.log.append(records, texts);
  input.note?.done("log");
  input.note?.say({ model: route.model, version: version.number, variant, rows });
  if (shadow !== undefined && logged)
    deps.afterwards({ version: shadow, fields: route.fields, records });
  return {
    model: route.model,
    version: String(version.number),
    id: request.id,
    parameters: { version_id: version.id, variant, ...unlogged({ logged }) },
    outputs: shown(
      graph,
      signature,
      outputs,
      records.map(({ id }) => id),
      request,
    ),
  };
}

function shown(
  graph: GraphBinding,
  signature: Signature,
  outputs: GraphTensors,
  ids: readonly string[],
  request: InferRequest,
  reasons: readonly Tensor[] = [],
): readonly Tensor[] {
  const graphs = graph.outputs.map((output) => tensorOf(output, outputs[output.name]!, graph));
  const free = reasons.filter(({ name }) => graphs.every((output) => output.name !== name));
  const all = [...graphs, ...free];
  const own = {
    name: "prediction_id",
    datatype: "BYTES",
    shape: [ids.length, 1],
    data: ids,
  } as const;
  const named = all.some(({ name }) => name === own.name);
  return wantedOutputs(request.outputs, named ? all : [...all, own], signature.classes);
}

/** Rows that were answered one by one, put together again. */
function ofRows(answer: Answer, graph: GraphBinding, request: InferRequest): InferAnswer {
  const { model, rows } = answer;
  const [{ by }] = rows as readonly [Answer["rows"][0]];
  const outputs = Object.fromEntries(
    graph.outputs.map(({ name }) => [name, joinRows(rows.map(({ tensors }) => tensors![name]!))]),
  );
  return {
    ...{ model, version: String(by.version.number), id: request.id },
    parameters: { version_id: by.version.id, variant: by.variant, ...unlogged(answer) },
    outputs: shown(
      graph,
      by.signature,
      outputs,
      rows.map(({ id }) => id),
      request,
      explanationTensors(rows),
    ),
  };
}
