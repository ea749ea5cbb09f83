import { afterAll, beforeAll, expect, test } from "vitest";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";

let server: TrackingServer;
let experiment: string;
beforeAll(async () => {
  server = await trackingServer();
  experiment = await server.experiment("assessed");
  for (const id of ["tr-1", "tr-2", "tr-3"]) await tell(id);
}, 60_000);
afterAll(() => server.stop());

const tell = (trace_id: string, more: object = {}) =>
  server.call("post 3.0/mlflow/traces", {
    trace: {
      trace_info: {
        ...{ trace_id, trace_location: { mlflow_experiment: { experiment_id: experiment } } },
        ...{ request_time: "2025-01-01T00:00:00Z", state: "OK", ...more },
      },
    },
  });
const ALL = "3.0/mlflow/traces/tr-1/assessments";
const add = async (assessment: object, trace = "tr-1") =>
  (await server.call(`post 3.0/mlflow/traces/${trace}/assessments`, { assessment })).json
    .assessment;
const search = async (filter: string): Promise<string[]> => {
  const { json } = await server.call("post 3.0/mlflow/traces/search", {
    ...{ locations: [{ mlflow_experiment: { experiment_id: experiment } }], filter },
  });
  return (json.traces ?? []).map(({ trace_id }: { trace_id: string }) => trace_id).sort();
};

test("feedback is kept, read, changed where the mask says so, and shown with its trace", async () => {
  const made = await add({
    ...{ assessment_name: "quality", rationale: "good", metadata: { model: "m", version: "1" } },
    feedback: { value: { b: 4, a: [1, "x"] } },
    source: { source_type: "HUMAN", source_id: "me" },
  });
  expect(made).toMatchObject({ valid: true, trace_id: "tr-1", source: { source_type: "HUMAN" } });
  const path = `${ALL}/${made.assessment_id}`;
  expect((await server.call(`get ${path}`)).json.assessment).toEqual(made);
  const { json } = await server.call(`patch ${path}`, {
    update_mask: "assessmentName,feedback,metadata",
    assessment: {
      ...{ assessment_name: "better", rationale: "not in the mask", metadata: { version: "2" } },
      feedback: { value: null, error: { error_code: "E", error_message: "no answer" } },
    },
  });
  const changed = { ...made, ...json.assessment };
  expect(changed).toMatchObject({
    ...{ assessment_name: "better", rationale: "good", metadata: { model: "m", version: "2" } },
    feedback: { value: null, error: { error_code: "E", error_message: "no answer" } },
  });
  const trace = await server.call("get 3.0/mlflow/traces/tr-1");
  expect(trace.json.trace.trace_info.assessments).toEqual([changed]);
  const wrong = (assessment: object, update_mask: string) =>
    server.call(`patch ${path}`, { assessment, update_mask });
  expect((await wrong({ expectation: { value: 1 } }, "expectation")).status).toBe(400);
  expect((await wrong({}, "source")).status).toBe(400);
  await server.call(`delete ${path}`);
});

test("one that overrides another makes it invalid until it goes", async () => {
  const first = await add({ assessment_name: "score", feedback: { value: 1 } });
  const overrides = first.assessment_id;
  const second = await add({ assessment_name: "score", feedback: { value: 2 }, overrides });
  const valid = async (id: string) =>
    (await server.call(`get ${ALL}/${id}`)).json.assessment?.valid;
  expect([await valid(overrides), await valid(second.assessment_id)]).toEqual([false, true]);
  expect(await search("feedback.score = '1'")).toEqual([]);
  expect((await server.call(`delete ${ALL}/${second.assessment_id}`)).status).toBe(200);
  expect((await server.call(`delete ${ALL}/${second.assessment_id}`)).status).toBe(200);
  expect([await valid(overrides), await valid(second.assessment_id)]).toEqual([true, undefined]);
  expect(await search("feedback.score = '1'")).toEqual(["tr-1"]);
  expect(
    (
      await server.call(`post ${ALL}`, {
        assessment: { assessment_name: "score", feedback: { value: 3 }, overrides: "a-none" },
      })
    ).status,
  ).toBe(404);
});

test("one that two override is not valid before both are gone", async () => {
  const { assessment_id: overrides } = await add({
    ...{ assessment_name: "twice", feedback: { value: 1 } },
  });
  const others = [];
  for (const value of [2, 3])
    others.push(await add({ assessment_name: "twice", feedback: { value }, overrides }));
  const valid: boolean[] = [];
  for (const { assessment_id: id } of others) {
    await server.call(`delete ${ALL}/${id}`);
    valid.push((await server.call(`get ${ALL}/${overrides}`)).json.assessment.valid);
  }
  expect(valid).toEqual([false, true]);
});

test("expectations that are lists or objects travel as text", async () => {
  const value = { passed: true, order: [3, 1] };
  const plain = await add({ assessment_name: "x", expectation: { value } });
  expect(JSON.parse(plain.expectation.serialized_value.value)).toEqual(value);
  const serialized_value = { serialization_format: "JSON_FORMAT", value: '{"big": 1}' };
  const text = await add({ assessment_name: "y", expectation: { serialized_value } });
  expect(text.expectation.serialized_value.value).toBe('{"big":1}');
  const word = await add({ assessment_name: "z", expectation: { value: "Paris\0" } });
  expect(word).toMatchObject({
    expectation: { value: "Paris\ufffd" },
    source: { source_type: "HUMAN" },
  });
});

test("traces are found by what was said of them, or of their session", async () => {
  await add({ assessment_name: "correct", feedback: { value: true } }, "tr-2");
  await add({ assessment_name: "issue-1", issue: { issue_name: "slow" } }, "tr-3");
  expect(await search("feedback.correct = 'true'")).toEqual(["tr-2"]);
  expect(await search("feedback.correct IS NULL")).toEqual(["tr-1", "tr-3"]);
  expect(await search("expectation.z LIKE 'Paris%'")).toEqual(["tr-1"]);
  expect(await search("issue.id = 'issue-1'")).toEqual(["tr-3"]);
  const session = { "mlflow.trace.session": "s-1" };
  await tell("tr-2", { trace_metadata: session });
  await tell("tr-3", { trace_metadata: session });
  await add({ assessment_name: "kind", feedback: { value: "yes" }, metadata: session }, "tr-2");
  expect(await search("feedback.kind = 'yes'")).toEqual(["tr-2", "tr-3"]);
});

test("may come with the trace, and go with it", async () => {
  const assessments = [{ assessment_name: "given", feedback: { value: 1 } }];
  const { json } = await tell("tr-4", { assessments });
  const [{ assessment_id: id }] = json.trace.trace_info.assessments;
  expect((await server.call(`get 3.0/mlflow/traces/tr-4/assessments/${id}`)).status).toBe(200);
  await server.call("post 3.0/mlflow/traces/delete-traces", {
    ...{ experiment_id: experiment, request_ids: ["tr-4"] },
  });
  const gone = await server.call(`get 3.0/mlflow/traces/tr-4/assessments/${id}`);
  expect(gone).toMatchObject({ status: 404, json: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
});

test.each([
  [{ assessment_name: "nothing" }],
  [{ feedback: { value: 1 } }],
  [{ assessment_name: "empty", feedback: {} }],
  [{ assessment_name: "n".repeat(251), feedback: { value: 1 } }],
  [{ assessment_name: "s", feedback: { value: 1 }, source: { source_type: "GHOST" } }],
])("%j is refused in words", async (assessment) => {
  const answer = await server.call(`post ${ALL}`, { assessment });
  expect(answer).toMatchObject({ status: 400, json: { error_code: "INVALID_PARAMETER_VALUE" } });
});

test("values nested ten thousand deep are refused, not an error of ours", async () => {
  const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
  const serialized = { serialization_format: "JSON_FORMAT", value: deep };
  for (const says of [
    `"feedback":{"value":${deep}}`,
    `"expectation":{"serialized_value":${JSON.stringify(serialized)}}`,
  ]) {
    const answer = await fetch(`${server.url}/api/${ALL}`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: `{"assessment":{"assessment_name":"deep",${says}}}`,
    });
    expect(answer.status).toBe(400);
  }
});
