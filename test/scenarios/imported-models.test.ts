import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { journalRoot } from "../../src/gateway/prediction-log.ts";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import { digestOf } from "../../src/lib/digest.ts";
import type { Json } from "../../src/lib/json.ts";
import type { GraphBinding, Signature } from "../../src/onnx/signature.ts";
import { type GraphTensor, sliceRows } from "../../src/onnx/tensor.ts";
import { tryGraph } from "../../src/pipelines/try-graph.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { rowOf, tensorOf } from "../../src/serving/graph-tensors.ts";
import type { PredictionRecord } from "../../src/serving/prediction.ts";
import type { Route } from "../../src/serving/route.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { listSegments, readSegment } from "../../src/storage/journal/segments.ts";
import {
  expectedModels,
  onnxModel,
  recordedFeeds,
  recordedOutput,
} from "../../src/testing/onnx-models.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

/** Every foreign model that runs, imported and asked over HTTP, against what onnxruntime said in Python. */
const folder = mkdtempSync(join(tmpdir(), "millwright-imported-"));
const expected = Object.entries(expectedModels()).filter(([, { feed }]) => feed !== undefined);
const files = expected.map(([file]) => file);
const signatures = new Map<string, Signature>();
let gateway: Gateway;
let url = "";

const nameOf = (file: string) => file.replace(".onnx", "");

beforeAll(async () => {
  const runtime = await onnxRuntime();
  const blobs = fileBlobs(join(folder, "blobs"));
  const routes: Route[] = [];
  for (const file of files) {
    const { onnx, signature } = await tryGraph(
      { runtime },
      { bytes: onnxModel(file), options: {} },
    );
    signatures.set(file, signature);
    const champion = { id: digestOf(file), number: 1, onnx: await blobs.put(onnx) };
    routes.push({ model: nameOf(file), champion, shadow: undefined, fields: {}, revision: 1 });
  }
  writeFileSync(join(folder, "routes.json"), JSON.stringify({ change: 1, routes }));
  gateway = await openGateway(
    { runtime, blobs, sql: undefined, log: quietLog(), version: "1.2.3" },
    { port: 0, dataDir: folder },
  );
  url = gateway.url;
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Body {
  readonly outputs: readonly Output[];
  readonly predictions: readonly Said[];
  readonly detail: string;
}

interface Said {
  readonly label: string | number | null;
  readonly value: number;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly probabilities: Readonly<Record<string, number>>;
}

async function post(path: string, body: unknown) {
  const text = JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  const response = await fetch(url + path, { method: "POST", headers, body: text });
  return { status: response.status, body: (await response.json()) as Body };
}

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: (number | string | boolean)[];
  readonly parameters?: { readonly keys?: string };
}

const jsonList = ({ type, data }: GraphTensor): Json[] =>
  Array.from(data as ArrayLike<number | bigint | string>, (value) =>
    typeof value === "bigint" ? Number(value) : type === "bool" ? value === 1 : value,
  );

const inRows = (graph: GraphBinding, feeds: Record<string, GraphTensor>) =>
  graph.whole
    ? Object.fromEntries(
        Object.entries(feeds).map(([n, t]) => [n, { ...t, dims: [1, ...t.dims] } as GraphTensor]),
      )
    : feeds;

const close = (got: unknown, wanted: number | string) =>
  typeof wanted === "string" ? expect(got).toBe(wanted) : expect(got).toBeCloseTo(wanted, 4);

describe.each(expected)("%s", (file, model) => {
  test("gives its own tensors over the Open Inference Protocol", async () => {
    const graph = signatures.get(file)!.graph!;
    const feeds = recordedFeeds(model, graph);
    const inputs = graph.inputs.map((input) => {
      const { datatype } = tensorOf({ ...input, shape: [] }, feeds[input.name]!, graph);
      const tensor = feeds[input.name]!;
      return { name: input.name, datatype, shape: tensor.dims, data: jsonList(tensor) };
    });
    const { status, body } = await post(`/v2/models/${nameOf(file)}/infer`, { inputs });
    expect(body).toMatchObject({ model_name: nameOf(file) });
    expect(status).toBe(200);
    const outputs = body.outputs;
    expect(outputs.map(({ name }) => name)).toEqual([
      ...graph.outputs.map(({ name }) => name),
      "prediction_id",
    ]);
    graph.outputs.forEach(({ name, keys }, k) => {
      const wanted = model.expect![name]!;
      const values = recordedOutput(wanted, keys);
      expect(outputs[k]!.data).toHaveLength(values.length);
      for (const i of sampled(values.length)) close(outputs[k]!.data[i], values[i]!);
      if (keys) expect(JSON.parse(outputs[k]!.parameters!.keys!)).toEqual(keys);
    });
  });

  test("answers rows, and MLflow's inputs", async () => {
    const signature = signatures.get(file)!;
    const graph = signature.graph!;
    const feeds = inRows(graph, recordedFeeds(model, graph) as Record<string, GraphTensor>);
    const count = Object.values(feeds)[0]!.dims[0]!;
    const rows = Array.from({ length: count }, (_, i) => rowOf(graph, feeds, i, false));
    const { status, body } = await post(`/models/${nameOf(file)}/predict`, { rows });
    expect(body).toMatchObject({ model: nameOf(file) });
    expect(status).toBe(200);
    const predictions = body.predictions;
    const wanted = (name: string, i: number, keys?: readonly (string | number)[]) => {
      const values = recordedOutput(model.expect![name]!, keys);
      const width = values.length / count;
      return values.slice(i * width, (i + 1) * width);
    };
    predictions.forEach((prediction, i) => {
      if (signature.task === "tensors") {
        expect(prediction.label).toBeNull();
        for (const { name, keys } of graph.outputs) {
          const flat = [prediction.outputs[name]].flat(Number.POSITIVE_INFINITY as 1) as unknown[];
          for (const [k, value] of wanted(name, i, keys).entries()) close(flat[k], value);
        }
      } else if (signature.task === "regression")
        close(prediction.value, wanted(graph.scores!, i)[0]!);
      else if (graph.scores! in model.expect!) {
        const { keys } = graph.outputs.find(({ name }) => name === graph.scores)!;
        const probabilities = Object.values(prediction.probabilities);
        for (const k of sampled(probabilities.length))
          close(
            prediction.probabilities[signature.classes[k]!],
            wanted(graph.scores!, i, keys)[k]!,
          );
      }
    });
    const inputs = Object.fromEntries(
      graph.inputs.map(({ name }) => [
        name,
        graph.whole ? nested(feeds[name]!)[0]! : nested(feeds[name]!),
      ]),
    );
    const said = await post(`/models/${nameOf(file)}/invocations`, { inputs });
    expect(said.body).not.toHaveProperty("detail");
    expect(said.body.predictions).toHaveLength(count);
  });
});

/** At most 50 of them: pictures have thousands. */
const sampled = (length: number): number[] =>
  Array.from({ length: Math.min(length, 50) }, (_, i) =>
    Math.floor((i * length) / Math.min(length, 50)),
  );

function nested(tensor: GraphTensor): Json[] {
  const [rows = 1, ...rest] = tensor.dims;
  if (tensor.dims.length === 1) return jsonList(tensor);
  return Array.from({ length: rows }, (_, i) => {
    const row = sliceRows(tensor, i, i + 1);
    return nested({ ...row, dims: rest } as GraphTensor);
  });
}

test("the log has the columns of a row; lists of more than 4,096 values as shape and digest", async () => {
  await post("/models/gen_adult_lightgbm/predict", {
    rows: [
      { age: 39, education_num: 13, capital_gain: 2174, capital_loss: null, hours_per_week: "40" },
    ],
  });
  const records: PredictionRecord[] = [];
  for (const segment of await listSegments(journalRoot(folder), Date.now()))
    for (const line of (await readSegment(segment)) ?? []) records.push(JSON.parse(line));
  const adult = records.filter(({ model }) => model === "gen_adult_lightgbm");
  expect(adult[0]!.inputs).toEqual({
    ...{ age: 39, education_num: 13, capital_gain: 2174, capital_loss: 0, hours_per_week: 40 },
  });
  expect(adult.at(-1)!.inputs).toMatchObject({ age: 39, hours_per_week: "40" });
  const images = records.filter(({ model }) => model === "squeezenet_tensor_input");
  for (const { inputs } of images)
    expect(inputs.data).toMatchObject({
      shape: [3, 227, 227],
      digest: expect.stringMatching(/^sha256:/),
    });
  expect(images[0]!.output).toHaveLength(10);
});

test("metadata is that of the file", async () => {
  const response = await fetch(`${url}/v2/models/gen_telco_lr_strings_zipmap`);
  expect(await response.json()).toMatchObject({
    inputs: expect.arrayContaining([{ name: "Contract", datatype: "BYTES", shape: [-1, 1] }]),
    outputs: expect.arrayContaining([{ name: "prob_map", datatype: "FP32", shape: [-1, 2] }]),
  });
});

test("tensors that are not kept are answered saying so, and no shadow runs for them", async () => {
  const own = mkdtempSync(join(tmpdir(), "millwright-unlogged-"));
  const blobs = fileBlobs(join(own, "blobs"));
  const runtime = await onnxRuntime();
  const bytes = onnxModel("example_dynamic_axes.onnx");
  const { onnx } = await tryGraph({ runtime }, { bytes, options: {} });
  const champion = { id: digestOf("axes"), number: 1, onnx: await blobs.put(onnx) };
  const shadow = { ...champion, id: digestOf("axes again"), number: 2 };
  const route = { model: "axes", champion, shadow, fields: {}, revision: 1 };
  // With a fallback, rows are answered one by one and put together again.
  const divided = { ...route, model: "divided", fallback: ["axes"] };
  writeFileSync(join(own, "routes.json"), JSON.stringify({ change: 1, routes: [route, divided] }));
  const full = await openGateway(
    { runtime, blobs, sql: undefined, log: quietLog(), version: "1" },
    {
      ...{ port: 0, dataDir: own },
      logSpace: { whenFull: "serve-unlogged", limits: { keepFree: 1e18 } },
    },
  );
  const metric = async (name: string) =>
    Number(
      new RegExp(`^millwright_${name}(?:{.*})? (\\d+)`, "m").exec(
        await (await fetch(`${full.url}/metrics`)).text(),
      )?.[1] ?? 0,
    );
  const data = Array.from({ length: 30 }, (_, i) => i);
  const inputs = [{ name: "input_vectors", datatype: "FP32", shape: [3, 10], data }];
  for (const model of ["axes", "divided"]) {
    const response = await fetch(`${full.url}/v2/models/${model}/infer`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ inputs }),
    });
    const { parameters, outputs } = (await response.json()) as {
      parameters: object;
      outputs: { data: number[] }[];
    };
    expect(parameters).toMatchObject({ version_id: champion.id, logged: false });
    expect(outputs[0]!.data).toEqual([45, 145, 245]);
  }
  while ((await metric("shadow_queued_rows")) > 0) await new Promise((go) => setTimeout(go, 5));
  expect(await metric("unlogged_predictions_total")).toBe(6);
  expect(await metric("shadow_predictions_total")).toBe(0);
  await full.close();
  rmSync(own, { recursive: true, force: true });
});

test("callers of one moment get their own rows, whatever others send", async () => {
  const ask = async (from: number, count: number) => {
    const data = Array.from({ length: 10 * count }, (_, i) => from + i);
    const inputs = [{ name: "input_vectors", datatype: "FP32", shape: [count, 10], data }];
    for (;;) {
      const { status, body } = await post("/v2/models/example_dynamic_axes/infer", { inputs });
      // A machine with much else to do sends callers away for a moment.
      if (status === 503) continue;
      expect(status).toBe(200);
      return body.outputs[0]!.data;
    }
  };
  const sums = (from: number, count: number) =>
    Array.from({ length: count }, (_, r) => 10 * (from + 10 * r) + 45);
  const calls = Array.from({ length: 40 }, (_, k) => [k * 100, 1 + (k % 5)] as const);
  const bad = post("/v2/models/example_dynamic_axes/infer", {
    inputs: [{ name: "input_vectors", datatype: "FP32", shape: [1, 9], data: Array(9).fill(1) }],
  });
  const answers = await Promise.all(calls.map(([from, count]) => ask(from, count)));
  for (const [k, data] of answers.entries()) expect(data).toEqual(sums(...calls[k]!));
  expect((await bad).status).toBe(400);
});

const wrong: readonly (readonly [string, object, RegExp])[] = [
  [
    "gen_adult_lightgbm",
    { name: "X", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] },
    /shape: should be \[N,5\]/,
  ],
  [
    "gen_adult_lightgbm",
    { name: "Y", datatype: "FP32", shape: [1, 5], data: [1, 2, 3, 4, 5] },
    /no "Y"/,
  ],
  [
    "gen_adult_lightgbm",
    { name: "X", datatype: "BYTES", shape: [1, 5], data: ["a", "b", "c", "d", "e"] },
    /should be FP32/,
  ],
  [
    "sklearn_treecl",
    { name: "input", datatype: "FP32", shape: [1, 3], data: [1, 2, 3] },
    /20 or more/,
  ],
  [
    "example_multitype",
    { name: "InputA", datatype: "INT32", shape: [1, 1, 1], data: [300] },
    /whole number from 0 to 255/,
  ],
  [
    "identity_string",
    { name: "input:0", datatype: "FP32", shape: [1, 2], data: [1, 2] },
    /should be BYTES/,
  ],
];
test.each(wrong)("%s: a wrong tensor is refused, naming it", async (model, input, words) => {
  const { status, body } = await post(`/v2/models/${model}/infer`, { inputs: [input] });
  expect(status).toBe(400);
  expect(JSON.stringify(body).replaceAll('\\"', '"')).toMatch(words);
});

test("a wrong cell of a row is refused, naming row and column", async () => {
  const { status, body } = await post("/models/mnist_cnn_cntk/predict", {
    rows: [{ Input3: [[1, 2]] }],
  });
  expect(status).toBe(400);
  expect(body.detail).toMatch(
    /row 0, Input3: "\[…\]" should be a nested list of shape \[1, 28, 28\]/,
  );
  const short = await post("/models/sklearn_treecl/predict", { rows: [{ input: [1, 2, 3] }] });
  expect(short.body.detail).toMatch(/20 values at least/);
});

test("whatever stands in a cell or tensor: an answer or a 400, never an error of ours", async () => {
  const models = ["mnist_cnn_cntk", "sklearn_treecl", "identity_string", "example_multitype"];
  const inputs: Readonly<Record<string, string[]>> = {
    mnist_cnn_cntk: ["Input3"],
    sklearn_treecl: ["input"],
    identity_string: ["input:0.0", "input:0.1"],
    example_multitype: ["InputA", "InputB"],
  };
  const cell = fc.jsonValue({ maxDepth: 4 });
  const request = fc.constantFrom(...models).chain((model) =>
    fc.record({
      model: fc.constant(model),
      rows: fc.array(fc.record(Object.fromEntries(inputs[model]!.map((name) => [name, cell]))), {
        minLength: 1,
        maxLength: 3,
      }),
      tensors: fc.array(
        fc.record({
          name: fc.constantFrom(
            ...signatures.get(`${model}.onnx`)!.graph!.inputs.map((i) => i.name),
          ),
          datatype: fc.constantFrom("FP32", "FP64", "INT64", "UINT8", "BYTES", "BOOL", "FP16"),
          shape: fc.array(fc.nat(30), { maxLength: 5 }),
          data: cell,
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  );
  const fine = [200, 400, 413];
  await fc.assert(
    fc.asyncProperty(request, async ({ model, rows, tensors }) => {
      expect(fine).toContain((await post(`/models/${model}/predict`, { rows })).status);
      expect(fine).toContain(
        (await post(`/models/${model}/invocations`, { instances: rows })).status,
      );
      expect(fine).toContain((await post(`/v2/models/${model}/infer`, { inputs: tensors })).status);
    }),
    { numRuns: 150 },
  );
});
