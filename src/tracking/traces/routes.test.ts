import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { otlpExport, type SentSpan } from "../../testing/otlp.ts";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";

let server: TrackingServer;
let experiment: string;
beforeAll(async () => {
  server = await trackingServer();
});
afterAll(() => server.stop());

let count = 0;
const newOtelId = (): string => (++count).toString(16).padStart(32, "a");
const another = async (): Promise<string> => {
  experiment = await server.experiment(`experiment ${++count}`);
  return experiment;
};

const send = (
  spans: readonly SentSpan[],
  headers: Record<string, string> = {},
  body: Uint8Array<ArrayBuffer> = otlpExport(spans),
) =>
  fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: {
      "content-type": "application/x-protobuf",
      "x-mlflow-experiment-id": experiment,
      ...headers,
    },
    body,
  });

const info = (id: string, more: object = {}) => ({
  trace: {
    trace_info: {
      trace_id: id,
      trace_location: {
        type: "MLFLOW_EXPERIMENT",
        mlflow_experiment: { experiment_id: experiment },
      },
      request_time: "2025-10-09T08:53:20.123Z",
      execution_duration: "0.5s",
      state: "OK",
      trace_metadata: { meta: "apple" },
      tags: { tag: "red" },
      ...more,
    },
  },
});

/** Digits that no index packs small. */
const unpackable = (length: number): string => randomBytes(length).toString("hex").slice(0, length);

const tell = (id: string, more: object = {}) =>
  server.call("post 3.0/mlflow/traces", info(id, more));

const search = (more: object = {}) =>
  server.call("post 3.0/mlflow/traces/search", {
    locations: [{ mlflow_experiment: { experiment_id: experiment } }],
    ...more,
  });
const found = async (filter: string): Promise<string[]> => {
  const { json, status } = await search({ filter });
  expect(status, JSON.stringify(json)).toBe(200);
  return (json.traces ?? []).map((trace: { trace_id: string }) => trace.trace_id).sort();
};

describe("a trace", () => {
  beforeAll(another);

  const root = (otel: string): SentSpan => ({
    ...{ trace: otel, id: "00000000000000a1", name: "root", end: "1760000000623456789" },
    attributes: {
      "mlflow.spanInputs": { map: { values: [{ key: "question", value: { text: "why?" } }] } },
      "mlflow.spanOutputs": { text: "because" },
    },
  });

  test("is the same whether it or its spans come first", async () => {
    const [a, b] = [newOtelId(), newOtelId()];
    await tell(`tr-${a}`);
    expect((await send([root(a)])).status).toBe(200);
    expect((await send([root(b)])).status).toBe(200);
    await tell(`tr-${b}`);
    const [first, second] = await Promise.all(
      [a, b].map((otel) => server.call(`get 3.0/mlflow/traces/tr-${otel}`)),
    );
    const one = first!.json.trace.trace_info;
    const unlike = (id: string) => ({
      trace_id: id,
      tags: {
        ...one.tags,
        "mlflow.artifactLocation": `mlflow-artifacts:/${experiment}/traces/${id}/artifacts`,
      },
    });
    expect(one).toEqual({
      ...one,
      ...unlike(`tr-${a}`),
      ...{ request_time: "2025-10-09T08:53:20.123Z", execution_duration: "0.5s", state: "OK" },
      request_preview: '{"question":"why?"}',
      response_preview: "because",
      trace_metadata: { meta: "apple" },
    });
    expect(one.tags).toMatchObject({
      tag: "red",
      "mlflow.traceName": "root",
      "mlflow.trace.spansLocation": "TRACKING_STORE",
    });
    expect(second!.json.trace.trace_info).toEqual({ ...one, ...unlike(`tr-${b}`) });
  });

  test("of spans alone has their envelope, the root's state, and sums", async () => {
    const otel = newOtelId();
    const usage = (input: number) => ({
      "mlflow.chat.tokenUsage": {
        map: { values: [{ key: "input_tokens", value: { int: input } }] },
      },
      "session.id": { text: "s1" },
    });
    const child = { trace: otel, parent: "00000000000000b1", name: "child" };
    await send([
      { ...child, id: "00000000000000b2", end: "1760000000200000000", attributes: usage(3) },
    ]);
    const before = await server.call(`get 3.0/mlflow/traces/tr-${otel}`);
    expect(before.json.trace.trace_info.state).toBe("IN_PROGRESS");
    const late = { ...child, id: "00000000000000b3", end: "1760000002000000000" };
    await send([
      { ...late, attributes: usage(4) },
      {
        trace: otel,
        id: "00000000000000b1",
        name: "r",
        code: 2,
        start: "1760000000000000000",
        end: "1760000001000000000",
      },
    ]);
    // The same span again is the same span.
    await send([{ ...late, attributes: usage(5) }]);
    const { json } = await server.call(`get 3.0/mlflow/traces/tr-${otel}`);
    expect(json.trace.trace_info).toMatchObject({
      ...{ state: "ERROR", request_time: "2025-10-09T08:53:20.000Z", execution_duration: "2s" },
      trace_metadata: {
        "mlflow.trace.tokenUsage": '{"input_tokens": 8}',
        "mlflow.trace.session": "s1",
      },
    });
    expect(await found("metadata.`mlflow.trace.session` = 's1'")).toEqual([`tr-${otel}`]);
  });

  test("gives its spans back as they came, to the nanosecond and the last digit", async () => {
    const otel = newOtelId();
    await send([
      {
        ...{ trace: otel, id: "00000000000000c1", name: "n\0ul", end: "1760000000123456791" },
        attributes: {
          text: { text: 'ä "quoted"' },
          large: { int: "9223372036854775807" },
          small: { int: 7 },
          whole: { double: 1 },
          part: { double: 0.25 },
          nan: { double: Number.NaN },
          raw: { bytes: Uint8Array.from([1, 2, 255]) },
          list: { list: { values: [{ bool: true }, {}] } },
          "~int": { map: { values: [{ key: "~int", value: { text: "x" } }] } },
        },
        events: [{ name: "e", at: "1760000000123456790" }],
      },
    ]);
    const { text, json } = await server.call(
      `get 3.0/mlflow/traces/batchGet?trace_ids=tr-${otel}&trace_ids=none`,
    );
    expect(text).toContain('"start_time_unix_nano":1760000000123456789,');
    expect(text).toContain('"end_time_unix_nano":1760000000123456791,');
    expect(text).toContain('{"key":"large","value":{"int_value":9223372036854775807}}');
    const [span] = json.traces[0].spans;
    expect(Buffer.from(span.trace_id, "base64").toString("hex")).toBe(otel);
    expect(span).toMatchObject({ name: "n\ufffdul", status: { code: "STATUS_CODE_OK" } });
    expect(span.events).toHaveLength(1);
    const values = Object.fromEntries(
      span.attributes.map(({ key, value }: { key: string; value: object }) => [key, value]),
    );
    expect(values).toMatchObject({
      "mlflow.traceRequestId": { string_value: `tr-${otel}` },
      text: { string_value: 'ä "quoted"' },
      small: { int_value: 7 },
      whole: { double_value: 1 },
      part: { double_value: 0.25 },
      nan: { double_value: "NaN" },
      raw: { bytes_value: "AQL/" },
      list: { array_value: { values: [{ bool_value: true }, {}] } },
      "~int": { kvlist_value: { values: [{ key: "~int", value: { string_value: "x" } }] } },
    });
  });

  test("whose span has ended does not begin it again with a message that comes late", async () => {
    const otel = newOtelId();
    const span = { trace: otel, id: "00000000000000a7", name: "s" };
    await send([{ ...span, end: "1760000000623456789" }]);
    await send([span]);
    const { text } = await server.call(`get 3.0/mlflow/traces/get?trace_id=tr-${otel}`);
    expect(text).toContain('"end_time_unix_nano":1760000000623456789,');
  });

  test("whose tokens are told as odd text is kept, with the numbers that are some", async () => {
    const otel = newOtelId();
    const usage = '{"a\\u0000": 1, "input_tokens": 2, "x": 1e999, "y": "z"}';
    const span = { trace: otel, id: "00000000000000f1", name: "s" };
    const answer = await send([
      { ...span, attributes: { "mlflow.chat.tokenUsage": { text: usage } } },
    ]);
    expect(answer.status).toBe(200);
    const { json } = await server.call(`get 3.0/mlflow/traces/tr-${otel}`);
    const kept = JSON.parse(json.trace.trace_info.trace_metadata["mlflow.trace.tokenUsage"]);
    expect(kept).toEqual({ "a\ufffd": 1, input_tokens: 2 });
  });

  test("beyond all calendars is refused, and searches go on", async () => {
    expect((await tell("tr-late", { execution_duration: 9e15 })).status).toBe(400);
    expect((await tell("tr-late", { request_time: 9e15 })).status).toBe(400);
    const old = await server.call("post 2.0/mlflow/traces", {
      ...{ experiment_id: experiment, timestamp_ms: 9e15 },
    });
    expect(old.status).toBe(400);
    expect((await search()).status).toBe(200);
  });

  test("whose spans are not all there is only given in part", async () => {
    const otel = newOtelId();
    await tell(`tr-${otel}`, { trace_metadata: { "mlflow.trace.sizeStats": '{"num_spans": 2}' } });
    const waiting = server.call(`get 3.0/mlflow/traces/get?trace_id=tr-${otel}`);
    await send([{ trace: otel, id: "00000000000000d1", name: "one" }]);
    const part = await server.call(
      `get 3.0/mlflow/traces/get?trace_id=tr-${otel}&allow_partial=True`,
    );
    expect(part.json.trace.spans).toHaveLength(1);
    expect((await server.call(`get 3.0/mlflow/traces/batchGet?trace_ids=tr-${otel}`)).text).toBe(
      "{}",
    );
    await send([{ trace: otel, id: "00000000000000d2", name: "two" }]);
    expect((await waiting).json.trace.spans).toHaveLength(2);
  });

  test("begun and ended by the old calls", async () => {
    const begun = await server.call("post 2.0/mlflow/traces", {
      ...{ experiment_id: experiment, timestamp_ms: 1000 },
      request_metadata: [{ key: "meta1", value: "apple" }],
      tags: [{ key: "tag1", value: "football" }],
    });
    const { request_id: id, status } = begun.json.trace_info;
    expect(status).toBe("IN_PROGRESS");
    const ended = await server.call(`patch 2.0/mlflow/traces/${id}`, {
      ...{ timestamp_ms: 3000, status: "OK" },
      request_metadata: [{ key: "meta2", value: "banana" }],
      tags: [{ key: "tag1", value: "soccer" }],
    });
    expect(ended.json.trace_info).toMatchObject({
      timestamp_ms: 1000,
      execution_time_ms: 2000,
      status: "OK",
    });
    const { json } = await server.call(`get 2.0/mlflow/traces/${id}/info`);
    expect(json.trace_info.request_metadata).toEqual([
      { key: "meta1", value: "apple" },
      { key: "meta2", value: "banana" },
    ]);
    expect(json.trace_info.tags).toContainEqual({ key: "tag1", value: "soccer" });
    const old = await server.call(
      `get 2.0/mlflow/traces?experiment_ids=${experiment}&filter=timestamp%20%3C%202000`,
    );
    expect(old.json.traces.map((trace: { request_id: string }) => trace.request_id)).toEqual([id]);
  });

  test("has tags that can be set and deleted", async () => {
    const id = `tr-${newOtelId()}`;
    await tell(id);
    const tags = async () =>
      (await server.call(`get 3.0/mlflow/traces/${id}`)).json.trace.trace_info.tags;
    await server.call(`patch 2.0/mlflow/traces/${id}/tags`, { key: "tag", value: "green" });
    await server.call(`patch 3.0/mlflow/traces/${id}/tags`, { key: "more", value: "" });
    expect(await tags()).toMatchObject({ tag: "green", more: "" });
    expect((await server.call(`delete 2.0/mlflow/traces/${id}/tags`, { key: "tag" })).status).toBe(
      200,
    );
    expect(await tags()).not.toHaveProperty("tag");
    const again = await server.call(`delete 2.0/mlflow/traces/${id}/tags`, { key: "tag" });
    expect(again).toMatchObject({ status: 404, json: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
    expect(
      (await server.call("patch 3.0/mlflow/traces/none/tags", { key: "a", value: "b" })).status,
    ).toBe(404);
  });

  test("needs an experiment that is there and not deleted", async () => {
    const elsewhere = { mlflow_experiment: { experiment_id: "999999" } };
    expect(await tell("tr-x", { trace_location: elsewhere })).toMatchObject({
      ...{ status: 404, json: { message: "No Experiment with id=999999 exists" } },
    });
    const spans = [{ trace: newOtelId(), id: "01", name: "s" }];
    expect((await send(spans, { "x-mlflow-experiment-id": "999999" })).status).toBe(404);
    const gone = await server.experiment("gone");
    await server.db.sql.query(
      "update millwright.experiment set lifecycle_stage = 'deleted' where id = $1",
      [gone],
    );
    const location = { mlflow_experiment: { experiment_id: gone } };
    expect((await tell("tr-x", { trace_location: location })).status).toBe(400);
    expect(await tell("tr-x", { request_time: "yesterday" })).toMatchObject({
      ...{ status: 400, json: { error_code: "INVALID_PARAMETER_VALUE" } },
    });
  });
});

describe("an export", () => {
  beforeAll(another);

  test("may be packed, and hold spans of many traces", async () => {
    const ids = [newOtelId(), newOtelId(), newOtelId()];
    const spans = ids.flatMap((trace) =>
      ["01", "02"].map((id) => ({ trace, id, name: "s", end: "1760000000223456789" })),
    );
    const answer = await send(
      spans,
      { "content-encoding": "gzip" },
      Uint8Array.from(gzipSync(otlpExport(spans))),
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/x-protobuf");
    expect(await answer.text()).toBe("");
    expect(await found("")).toEqual(ids.map((id) => `tr-${id}`).sort());
  });

  test("that is none is refused in words", async () => {
    const bad = [
      [422, { "x-mlflow-experiment-id": "" }, otlpExport([])],
      [400, { "content-type": "application/json" }, otlpExport([])],
      [400, {}, Uint8Array.from(Buffer.from("this is no protobuf"))],
      [400, {}, new Uint8Array()],
      [422, {}, otlpExport([{ trace: newOtelId(), id: "", name: "no id" }])],
      [
        422,
        {},
        otlpExport([
          {
            ...{ trace: newOtelId(), id: "01", name: "long" },
            attributes: { "mlflow.traceRequestId": { text: unpackable(6000) } },
          },
        ]),
      ],
    ] as const;
    for (const [status, headers, body] of bad) {
      const answer = await send([], headers, body);
      expect(answer.status).toBe(status);
      expect(await answer.json()).toHaveProperty("message");
    }
  });

  test("whose values nest without end is refused, not fatal", async () => {
    const field = (id: number, body: Buffer): Buffer => {
      const length = [(body.length & 0x7f) | 0x80, (body.length >> 7) & 0x7f];
      return Buffer.concat([Buffer.from([id * 8 + 2, ...length]), body]);
    };
    let value = field(1, Buffer.from("x"));
    for (let i = 0; i < 500; i++) value = field(5, field(1, value));
    const ids = [field(1, Buffer.alloc(16, 7)), field(2, Buffer.alloc(8, 7))];
    const span = Buffer.concat([...ids, field(9, field(2, value))]);
    const body = Uint8Array.from(field(1, field(2, field(2, span))));
    expect((await send([], {}, body)).status).toBe(422);
  });
});

describe("a search", () => {
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    await another();
    const make = async (name: string, minute: number, more: object) => {
      ids[name] = `tr-${newOtelId()}`;
      await tell(ids[name]!, {
        request_time: `2025-01-01T00:0${minute}:00Z`,
        ...more,
        tags: { "mlflow.traceName": name, env: minute === 2 ? "dev" : "prod" },
      });
    };
    await make("a", 1, { client_request_id: "c-1", execution_duration: "3s" });
    await make("b", 2, { state: "ERROR", trace_metadata: { "mlflow.sourceRun": "r1" } });
    await make("c", 3, { execution_duration: null });
    const [, otel = ""] = ids.c!.split("tr-");
    await send([
      {
        ...{ trace: otel, id: "e1", name: "look_up", code: 2, start: "1735689780000000000" },
        attributes: { "mlflow.spanType": { text: "TOOL" }, model: { text: "gpt-x" } },
      },
      {
        trace: otel,
        id: "e2",
        name: "answer",
        start: "1735689780000000000",
        attributes: { n: { int: 5 } },
      },
    ]);
  });
  const names = async (filter: string) => {
    const matched = await found(filter);
    return Object.keys(ids)
      .filter((name) => matched.includes(ids[name]!))
      .join("");
  };

  test.each([
    ["", "abc"],
    ["status = 'ERROR'", "b"],
    ["trace.status IN ('OK')", "ac"],
    ["name LIKE 'a%' AND tags.env = 'prod'", "a"],
    ["tags.env != 'prod'", "b"],
    ["tag.env IS NULL", ""],
    ["tags.none IS NULL", "abc"],
    ["tags.env RLIKE '^d'", "b"],
    ["timestamp > 1735689660000", "bc"],
    ["execution_time_ms >= 3000", "a"],
    ["client_request_id = 'c-1'", "a"],
    ["run_id = 'r1'", "b"],
    ["run_id != 'r2'", "b"],
    ["run_id IN ('r1', 'r2')", "b"],
    ["metadata.meta = 'apple'", "ac"],
    ["request_metadata.meta IS NOT NULL", "ac"],
    ["span.name = 'look_up' AND span.status = 'ERROR'", "c"],
    ["span.name = 'answer' AND span.status = 'ERROR'", ""],
    ["span.type = 'TOOL'", "c"],
    ["span.attributes.model LIKE 'gpt%'", "c"],
    ["span.attributes.n = '5'", "c"],
    ["span.content ILIKE '%GPT-X%'", "c"],
    ["trace.text LIKE '%answer%' AND trace.text LIKE '%gpt-x%'", "c"],
    ["trace.text LIKE '%string_value%'", ""],
    ["tags.`o'dd \"key` = 'x'", ""],
  ])("%s", async (filter, expected) => {
    expect(await names(filter)).toBe(expected);
  });

  test("finds traces linked to a run or a prompt", async () => {
    const run = "0123456789abcdef0123456789abcdef";
    await server.db.sql.query(
      `insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, artifact_uri)
       values ($1, $2, 'n', 'u', 'RUNNING', 0, 'x')`,
      [run, experiment],
    );
    const link = (run_id: string) =>
      server.call("post 2.0/mlflow/traces/link-to-run", { trace_ids: [ids.a, ids.c], run_id });
    expect((await link(run)).status).toBe(200);
    expect((await link(run)).status).toBe(200);
    expect(await names(`attribute.run_id = '${run}'`)).toBe("ac");
    expect(await names("run_id != 'r1'")).toBe("ac");
    expect(await names("run_id IS NOT NULL")).toBe("abc");
    expect(await names("run_id IS NULL")).toBe("");
    expect((await link("none")).status).toBe(404);
    const long = await server.call("post 2.0/mlflow/traces/link-to-run", {
      ...{ trace_ids: [unpackable(6000)], run_id: run },
    });
    expect(long.status).toBe(400);
    await server.call("post 2.0/mlflow/traces/link-prompts", {
      ...{ trace_id: ids.b, prompt_versions: [{ name: "greet", version: "2" }] },
    });
    expect(await names("prompt = 'greet/2'")).toBe("b");
    expect((await search({ filter: "prompt = 'greet'" })).status).toBe(400);
  });

  test("comes in pages, in any order", async () => {
    const page = async (wish: object) => {
      const { json } = await search(wish);
      return [
        json.traces.map((trace: { trace_id: string }) => trace.trace_id),
        json.next_page_token,
      ];
    };
    const [newest, token] = await page({ max_results: 2 });
    expect(newest).toEqual([ids.c, ids.b]);
    expect(await page({ page_token: token })).toEqual([[ids.a], undefined]);
    const [slowest, more] = await page({ order_by: ["execution_time DESC"], max_results: 1 });
    expect(slowest).toEqual([ids.a]);
    const rest = await page({ order_by: ["execution_time DESC"], page_token: more });
    expect(rest).toEqual([[ids.b, ids.c], undefined]);
    expect((await search({ page_token: more })).status).toBe(400);
    expect((await search({ page_token: "garbage" })).status).toBe(400);
    for (const wrong of [{ max_results: 0 }, { max_results: 501 }, { filter: "a = 1 OR b = 2" }])
      expect((await search(wrong)).status).toBe(400);
  });

  test("comes in the order of a tag or of metadata, missing last", async () => {
    const sorted = async (order_by: string[], more: object = {}) => {
      const { json } = await search({ order_by, ...more });
      const listed = json.traces.map((trace: { trace_id: string }) => trace.trace_id);
      return [listed, json.next_page_token];
    };
    const byEnv = ["tags.env", "tags.`mlflow.traceName` DESC"];
    const [first, token] = await sorted(byEnv, { max_results: 2 });
    expect(first).toEqual([ids.b, ids.c]);
    expect(await sorted(byEnv, { page_token: token })).toEqual([[ids.a], undefined]);
    expect((await sorted(["metadata.meta DESC"]))[0]).toEqual([ids.c, ids.a, ids.b]);
    expect((await sorted(["tags.request_id"]))[0]).toEqual([ids.c, ids.b, ids.a]);
    expect((await sorted(["tags.`o'dd \"\\key`"]))[0]).toHaveLength(3);
  });

  test("tells how far two filters go together", async () => {
    const { json } = await server.call("post 3.0/mlflow/traces/calculate-filter-correlation", {
      ...{ experiment_ids: [experiment], filter_string1: "tags.env = 'prod'" },
      filter_string2: "status = 'OK'",
    });
    expect(json).toMatchObject({
      filter1_count: 2,
      filter2_count: 2,
      joint_count: 2,
      total_count: 3,
    });
    expect(json.npmi).toBeCloseTo(1);
  });
});

describe("deleting", () => {
  beforeEach(another);

  test("takes the oldest until a time, or those named, with all that belongs to them", async () => {
    const make = async (minute: number) => {
      const otel = newOtelId();
      await tell(`tr-${otel}`, {
        request_time: `2025-01-01T00:0${minute}:00Z`,
        execution_duration: "1s",
      });
      await send([
        { trace: otel, id: "01", name: "s", start: `${1735689600 + minute * 60}000000000` },
      ]);
      return `tr-${otel}`;
    };
    const [a, b, c] = [await make(1), await make(2), await make(3)];
    const remove = async (more: object) =>
      (
        await server.call("post 2.0/mlflow/traces/delete-traces", {
          experiment_id: experiment,
          ...more,
        })
      ).json;
    expect(await remove({ max_timestamp_millis: 2e12, max_traces: 1 })).toEqual({
      traces_deleted: 1,
    });
    expect(await found("")).toEqual([b, c].sort());
    expect(await remove({ request_ids: [c, "none"] })).toEqual({ traces_deleted: 1 });
    expect((await server.call(`get 3.0/mlflow/traces/${a}`)).status).toBe(404);
    const spans = await server.db.sql.query(
      "select from millwright.trace_span where trace = any($1)",
      [[a, c]],
    );
    expect(spans).toHaveLength(0);
    for (const wrong of [
      {},
      { max_traces: 1 },
      { request_ids: [b], max_traces: 1 },
      { max_timestamp_millis: 1, max_traces: 0 },
    ])
      expect(await remove(wrong)).toHaveProperty("error_code", "INVALID_PARAMETER_VALUE");
  });
});
