import { afterAll, beforeAll, expect, test } from "vitest";
import { otlpExport } from "../../../testing/otlp.ts";
import { type TrackingServer, trackingServer } from "../../../testing/tracking-server.ts";

let server: TrackingServer;
let experiment: string;
beforeAll(async () => {
  server = await trackingServer();
  experiment = await server.experiment("measured");
  const tell = (n: number, more: object) =>
    server.call("post 3.0/mlflow/traces", {
      trace: {
        trace_info: {
          trace_id: `tr-${n}`.padEnd(35, "0"),
          trace_location: { mlflow_experiment: { experiment_id: experiment } },
          request_time: `2025-01-01T0${n}:10:00Z`,
          ...{ execution_duration: `${n}s`, state: "OK", ...more },
          tags: { "mlflow.traceName": "ask", team: n === 1 ? "a" : "b" },
          trace_metadata: { "mlflow.trace.tokenUsage": `{"input_tokens": ${n * 10}}` },
        },
      },
    });
  await tell(1, { state: "ERROR" });
  await tell(2, {});
  await tell(3, { trace_metadata: undefined });
  for (const [n, value] of [1, 2, 3].map((n) => [n, n === 1 ? "yes" : n === 2 ? false : 3]))
    await server.call(`post 3.0/mlflow/traces/${`tr-${n}`.padEnd(35, "0")}/assessments`, {
      assessment: { assessment_name: "good", feedback: { value } },
    });
  const cost = (value: number) => ({
    "mlflow.llm.cost": { map: { values: [{ key: "total_cost", value: { double: value } }] } },
    "mlflow.llm.model": { text: "m1" },
  });
  await fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", "x-mlflow-experiment-id": experiment },
    body: otlpExport([
      {
        trace: "ab".repeat(16),
        id: "01",
        name: "s",
        end: "1760000001123456789",
        attributes: cost(0.5),
      },
      { trace: "ab".repeat(16), id: "02", name: "s", attributes: cost(1.25), code: 2 },
    ]),
  });
});
afterAll(() => server.stop());

const measure = (view: string, metric: string, more: object) =>
  server.call("post 3.0/mlflow/traces/metrics", {
    ...{ experiment_ids: [experiment], view_type: view, metric_name: metric, ...more },
  });
const COUNT = { aggregations: [{ aggregation_type: "COUNT" }] };

test("traces are counted and measured, in groups", async () => {
  const ofTraces = { filters: ["trace.tag.team IN ('a', 'b')"] };
  const counts = await measure("TRACES", "trace_count", {
    ...COUNT,
    ...ofTraces,
    dimensions: ["trace_status"],
  });
  expect(counts.json.data_points).toEqual([
    { metric_name: "trace_count", dimensions: { trace_status: "ERROR" }, values: { COUNT: 1 } },
    { metric_name: "trace_count", dimensions: { trace_status: "OK" }, values: { COUNT: 2 } },
  ]);
  const latency = await measure("TRACES", "latency", {
    aggregations: [
      { aggregation_type: "AVG" },
      { aggregation_type: "PERCENTILE", percentile_value: 50 },
    ],
    ...ofTraces,
  });
  expect(latency.json.data_points).toEqual([
    { metric_name: "latency", dimensions: {}, values: { AVG: 2000, "P50.0": 2000 } },
  ]);
  const sum = { aggregations: [{ aggregation_type: "SUM" }], filters: ["trace.status = 'OK'"] };
  const tokens = await measure("TRACES", "input_tokens", sum);
  expect(tokens.json.data_points[0].values).toEqual({ SUM: 50 });
});

test("in intervals of time, page by page", async () => {
  const [from, to] = ["2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z"].map(Date.parse);
  const wish = {
    ...COUNT,
    time_interval_seconds: 7200,
    start_time_ms: from,
    end_time_ms: to,
    max_results: 1,
  };
  const first = await measure("TRACES", "trace_count", wish);
  expect(first.json.data_points).toEqual([
    {
      metric_name: "trace_count",
      dimensions: { time_bucket: "2025-01-01T00:00:00+00:00" },
      values: { COUNT: 1 },
    },
  ]);
  const second = await measure("TRACES", "trace_count", {
    ...wish,
    page_token: first.json.next_page_token,
  });
  expect(second.json.data_points[0].values).toEqual({ COUNT: 2 });
  expect(second.json).not.toHaveProperty("next_page_token");
});

test("spans and assessments are, too", async () => {
  const spans = await measure("SPANS", "span_count", {
    ...COUNT,
    filters: ["span.status = 'ERROR'"],
  });
  expect(spans.json.data_points[0].values).toEqual({ COUNT: 1 });
  const cost = await measure("SPANS", "total_cost", {
    ...{ aggregations: [{ aggregation_type: "SUM" }], dimensions: ["span_model_name"] },
  });
  expect(cost.json.data_points).toEqual([
    { metric_name: "total_cost", dimensions: { span_model_name: "m1" }, values: { SUM: 1.75 } },
  ]);
  const values = await measure("ASSESSMENTS", "assessment_value", {
    ...{ aggregations: [{ aggregation_type: "AVG" }], filters: ["assessment.name = 'good'"] },
  });
  expect(values.json.data_points[0].values.AVG).toBeCloseTo(4 / 3);
});

test("what cannot be measured is refused in words", async () => {
  const wrong: [string, string, object][] = [
    ["TRACES", "speed", COUNT],
    ["TRACES", "latency", COUNT],
    ["TRACES", "trace_count", { ...COUNT, dimensions: ["span_name"] }],
    ["TRACES", "trace_count", { ...COUNT, filters: ["span.name = 'x'"] }],
    ["TRACES", "trace_count", { ...COUNT, filters: ["trace.color = 'x'"] }],
    ["TRACES", "trace_count", { ...COUNT, time_interval_seconds: 60 }],
    ["TRACES", "trace_count", { ...COUNT, dimensions: Array(2000).fill("trace_status") }],
    ["TRACES", "latency", { aggregations: [{ aggregation_type: "PERCENTILE" }] }],
    ["HOURS", "trace_count", COUNT],
  ];
  for (const [view, metric, more] of wrong)
    expect(await measure(view, metric, more)).toMatchObject({
      ...{ status: 400, json: { error_code: "INVALID_PARAMETER_VALUE" } },
    });
});
