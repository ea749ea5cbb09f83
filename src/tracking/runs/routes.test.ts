import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";

let server: TrackingServer;
beforeAll(async () => {
  server = await trackingServer();
});
afterAll(() => server.stop());

const ok = { status: 200, body: {} };
const refused = (message: string, error_code = "INVALID_PARAMETER_VALUE", status = 400) => ({
  status,
  body: { error_code, message: expect.stringContaining(message) },
});
const create = async (fields: object = {}) => {
  const { status, body } = await server.post("runs/create", { experiment_id: "0", ...fields });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.run;
};
const newId = async (): Promise<string> => (await create()).info.run_id;
const get = async (run_id: string) => (await server.get("runs/get", { run_id })).body.run;
const sorted = <T extends { key: string }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => (a.key < b.key ? -1 : 1));

describe("runs", () => {
  test("a new run in the shapes of the protocol", async () => {
    const run = await create({
      ...{ user_id: "ü", run_name: "my name", start_time: "456" },
      tags: [{ key: "a", value: "1" }],
    });
    const id = run.info.run_id;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(run).toEqual({
      info: {
        ...{ run_id: id, run_uuid: id, experiment_id: "0", run_name: "my name", user_id: "ü" },
        ...{ status: "RUNNING", start_time: 456, lifecycle_stage: "active" },
        artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`,
      },
      data: {
        tags: [
          { key: "a", value: "1" },
          { key: "mlflow.runName", value: "my name" },
        ],
      },
      inputs: {},
      outputs: {},
    });
    const again = await get(id);
    expect({ ...again, data: { tags: sorted(again.data.tags) } }).toEqual(run);
  });

  test("the name is the tag: given either way, made up, or in contradiction", async () => {
    const tagged = await create({ tags: [{ key: "mlflow.runName", value: "tag" }] });
    expect(tagged.info.run_name).toBe("tag");
    const none = await create();
    expect(none.info.run_name).toMatch(/^[a-z]+-[a-z]+-\d{1,3}$/);
    expect(none.data.tags).toEqual([{ key: "mlflow.runName", value: none.info.run_name }]);
    expect(
      await server.post("runs/create", {
        ...{ experiment_id: "0", run_name: "x", tags: [{ key: "mlflow.runName", value: "y" }] },
      }),
    ).toMatchObject(refused("Both 'run_name' argument and 'mlflow.runName' tag are specified"));
    await server.post("runs/set-tag", {
      run_id: none.info.run_id,
      key: "mlflow.runName",
      value: "set",
    });
    expect((await get(none.info.run_id)).info.run_name).toBe("set");
    const { body } = await server.post("runs/update", {
      run_id: none.info.run_id,
      run_name: "updated",
    });
    expect(body.run_info.run_name).toBe("updated");
    expect((await get(none.info.run_id)).data.tags).toEqual([
      { key: "mlflow.runName", value: "updated" },
    ]);
  });

  test("the end is absent until somebody says it", async () => {
    const id = await newId();
    const { body } = await server.post("runs/update", { run_uuid: id, status: "FINISHED" });
    expect(body.run_info).toMatchObject({ run_id: id, status: "FINISHED" });
    expect(body.run_info).not.toHaveProperty("end_time");
    await server.post("runs/update", { run_id: id, end_time: 99, status: 4 });
    expect((await get(id)).info).toMatchObject({ end_time: 99, status: "FAILED" });
    expect(await server.post("runs/update", { run_id: id, status: "DONE" })).toMatchObject(
      refused(`Invalid value "DONE" for parameter 'status'`),
    );
  });

  test("a deleted run can be read, and takes nothing until it is restored", async () => {
    const id = await newId();
    await server.post("runs/set-tag", { run_id: id, key: "t", value: "1" });
    expect(await server.post("runs/delete", { run_id: id })).toEqual(ok);
    expect(await server.post("runs/delete", { run_id: id })).toEqual(ok);
    expect((await get(id)).info.lifecycle_stage).toBe("deleted");
    const writes = [
      ["log-metric", { key: "m", value: 1, timestamp: 1 }],
      ["log-parameter", { key: "m", value: "1" }],
      ["set-tag", { key: "m", value: "1" }],
      ["delete-tag", { key: "t" }],
      ["log-batch", { tags: [{ key: "m", value: "1" }] }],
      ["log-inputs", {}],
      ["outputs", { models: [] }],
      ["update", { status: "FINISHED" }],
      [
        "log-model",
        {
          model_json: JSON.stringify({
            artifact_path: "a",
            flavors: {},
            utc_time_created: "",
            run_id: id,
          }),
        },
      ],
    ] as const;
    for (const [call, fields] of writes)
      expect(await server.post(`runs/${call}`, { run_id: id, ...fields }), call).toMatchObject(
        refused(`The run ${id} must be in the 'active' state. Current state is deleted.`),
      );
    expect(await server.post("runs/restore", { run_id: id })).toEqual(ok);
    for (const [call, fields] of writes)
      expect(await server.post(`runs/${call}`, { run_id: id, ...fields }), call).toMatchObject({
        status: 200,
      });
    for (const [call, fields] of [...writes, ["delete", {}], ["restore", {}]] as const)
      expect(
        await server.post(`runs/${call}`, { run_id: "nobody", ...fields }),
        call,
      ).toMatchObject(refused("Run with id=nobody not found", "RESOURCE_DOES_NOT_EXIST", 404));
    expect(await server.get("runs/get", { run_id: "nobody" })).toMatchObject({ status: 404 });
    for (const call of ["runs/get", "metrics/get-history"])
      expect(await server.get(call, { metric_key: "m" })).toMatchObject(
        refused("Missing value for required parameter 'run_id'"),
      );
  });

  test("metrics, params and tags one by one; NaN and infinities come back as they went", async () => {
    const id = await newId();
    const log = (key: string, value: unknown, more = {}) =>
      server.post("runs/log-metric", { run_id: id, key, value, timestamp: 789, ...more });
    expect(await log("metric", 123.456, { step: 2 })).toEqual(ok);
    await log("日本 語/x", "NaN");
    await log("inf", "Infinity");
    await log("-inf", "-Infinity", { step: "-3" });
    await log("metric", 1e-300, { step: 1 });
    await server.post("runs/log-parameter", {
      run_id: id,
      key: "p",
      value: "'; drop table millwright.param; --",
    });
    await server.post("runs/log-parameter", { run_id: id, key: "empty", value: "" });
    await server.post("runs/log-parameter", { run_uuid: id, key: "long", value: "é".repeat(7000) });
    await server.post("runs/set-tag", { run_id: id, key: "long", value: "x".repeat(9000) });
    const { data } = await get(id);
    expect(sorted<{ key: string }>(data.metrics)).toEqual(
      sorted([
        { key: "metric", value: 123.456, timestamp: 789, step: 2 },
        { key: "日本 語/x", value: "NaN", timestamp: 789, step: 0 },
        { key: "inf", value: "Infinity", timestamp: 789, step: 0 },
        { key: "-inf", value: "-Infinity", timestamp: 789, step: -3 },
      ]),
    );
    expect(sorted(data.params)).toEqual([
      { key: "empty", value: "" },
      { key: "long", value: "é".repeat(6000) },
      { key: "p", value: "'; drop table millwright.param; --" },
    ]);
    expect(data.tags.find((tag: { key: string }) => tag.key === "long").value).toHaveLength(8000);
    expect(
      await server.post("runs/log-parameter", { run_id: id, key: "p", value: "2" }),
    ).toMatchObject(
      refused(
        "Changing param values is not allowed. Param with key='p' was already logged with value=",
      ),
    );
    expect(await server.post("runs/delete-tag", { run_id: id, key: "long" })).toEqual(ok);
    expect(await server.post("runs/delete-tag", { run_id: id, key: "long" })).toMatchObject(
      refused(`No tag with name: long in run with id ${id}`, "RESOURCE_DOES_NOT_EXIST", 404),
    );
  });

  test.each([
    [
      "log-metric",
      { run_id: 31, key: "m", value: 1, timestamp: 1 },
      "Invalid value 31 for parameter 'run_id' supplied",
    ],
    ["log-metric", { key: 31 }, "Invalid value 31 for parameter 'key' supplied"],
    ["log-metric", { value: "foo" }, `Invalid value "foo" for parameter 'value' supplied`],
    [
      "log-metric",
      { value: true },
      "Invalid value true for parameter 'value' supplied: Hint: Value was of type 'bool'",
    ],
    ["log-metric", { value: null }, "Missing value for required parameter 'value'"],
    ["log-metric", { step: "foo" }, `Invalid value "foo" for parameter 'step' supplied`],
    ["log-metric", { timestamp: "foo" }, `Invalid value "foo" for parameter 'timestamp' supplied`],
    [
      "log-metric",
      { timestamp: -1 },
      "Invalid value -1 for parameter 'timestamp' supplied: metric 'k'",
    ],
    ["log-metric", { key: null }, "Missing value for required parameter 'key'"],
    ["log-metric", { run_id: null }, "Missing value for required parameter 'run_id'"],
    ["log-metric", { key: "a'; drop" }, "for parameter 'name' supplied: Names may only contain"],
    [
      "log-metric",
      { key: "k".repeat(251) },
      "'Metric name' exceeds the maximum length of 250 characters",
    ],
    ["log-metric", { key: "k", model_id: "m-none" }, "Logged model with ID 'm-none' not found."],
    [
      "log-metric",
      { dataset_digest: "d".repeat(37) },
      "'dataset_digest' exceeds the maximum length of 36",
    ],
    ["log-parameter", { key: 31 }, "Invalid value 31 for parameter 'key' supplied"],
    ["log-parameter", { key: "k".repeat(251) }, "'Param key' exceeds"],
    ["log-parameter", { value: "\0" }, "code 0"],
    ["set-tag", { value: 41 }, "Invalid value 41 for parameter 'value' supplied"],
    ["set-tag", { key: "/etc/passwd", value: "" }, "Names may be treated as files"],
    ["log-batch", { metrics: "foo" }, `Invalid value "foo" for parameter 'metrics' supplied`],
    ["log-batch", { params: "foo" }, `Invalid value "foo" for parameter 'params' supplied`],
    [
      "log-batch",
      { tags: { a: 1 } },
      `Invalid value {"a":1} for parameter 'tags' supplied: Hint: Value was of type 'dict'`,
    ],
    [
      "log-batch",
      { metrics: [{ key: "mae", value: 2.5 }] },
      "Missing value for required parameter 'metrics[0].timestamp'",
    ],
    [
      "log-batch",
      {
        metrics: [
          { key: "a", value: 2.5, timestamp: 1 },
          { key: "..", value: 1, timestamp: 1 },
        ],
      },
      "parameter 'metrics[1].name' supplied",
    ],
    [
      "log-batch",
      { metrics: [{ key: "a", value: 2.5, timestamp: 1e300 }] },
      "for parameter 'metrics[0].timestamp'",
    ],
    ["log-batch", { params: [{ key: "a//b", value: "1" }] }, "parameter 'params[0].key' supplied"],
    [
      "log-batch",
      {
        params: [
          { key: "a", value: "1" },
          { key: "a", value: "1" },
        ],
      },
      "Duplicate parameter keys have been submitted: ['a']",
    ],
    ["log-batch", { tags: [{ key: "k".repeat(251), value: "" }] }, "'tags[0].key' exceeds"],
    [
      "log-batch",
      { params: Array.from({ length: 101 }, (_, i) => ({ key: `p${i}`, value: "" })) },
      "can contain at most 100 params. Got 101 params.",
    ],
    [
      "log-batch",
      { tags: Array.from({ length: 101 }, (_, i) => ({ key: `p${i}`, value: "" })) },
      "can contain at most 100 tags.",
    ],
    [
      "log-batch",
      { metrics: Array.from({ length: 1001 }, (_, i) => ({ key: "m", value: i, timestamp: i })) },
      "can contain at most 1000 metrics.",
    ],
    [
      "log-batch",
      {
        metrics: Array.from({ length: 950 }, (_, i) => ({ key: "m", value: i, timestamp: i })),
        tags: Array.from({ length: 51 }, (_, i) => ({ key: `p${i}`, value: "" })),
      },
      "at most 1000 metrics, params, and tags. Got 1001",
    ],
    [
      "log-inputs",
      { datasets: [{ dataset: { name: "n" } }] },
      "Missing value for required parameter 'datasets[0].dataset.digest'",
    ],
    [
      "log-inputs",
      { models: [{ model_id: "m-none" }] },
      "Logged model with ID 'm-none' not found.",
    ],
    ["outputs", {}, "Missing value for required parameter 'models'"],
    [
      "outputs",
      { models: [{ model_id: "m-none", step: 1 }] },
      "Logged model with ID 'm-none' not found.",
    ],
    ["log-model", { model_json: "{" }, "Malformed model info."],
    ["log-model", { model_json: "{}" }, "Model json is missing mandatory fields: {'artifact_path'"],
  ])("%s refuses %j", async (call, fields, message) => {
    const id = await newId();
    const answer = await server.post(`runs/${call}`, {
      ...{ run_id: id, key: "k", ...(call === "log-metric" ? { value: 1, timestamp: 1 } : {}) },
      ...fields,
    });
    expect(answer.body.message).toContain(message);
    expect(answer.status).toBe(message.includes("not found") ? 404 : 400);
    expect(JSON.stringify(answer.body)).not.toMatch(/millwright\.|select |insert /);
    expect((await get(id)).data).toEqual({
      tags: [{ key: "mlflow.runName", value: expect.any(String) }],
    });
  });

  test("a batch needs no step, and is kept wholly or not at all", async () => {
    const id = await newId();
    const batch = {
      run_id: id,
      metrics: [{ key: "mae", value: 2.5, timestamp: 123456789 }],
      params: [{ key: "p", value: "" }, { key: "q" }],
      tags: [{ key: "t", value: "" }],
    };
    for (let i = 0; i < 3; i++) expect(await server.post("runs/log-batch", batch)).toEqual(ok);
    const other = {
      ...batch,
      metrics: [{ key: "other", value: 1, timestamp: 1 }],
      params: [{ key: "q", value: "2" }],
    };
    expect(await server.post("runs/log-batch", other)).toMatchObject(
      refused("Changing param values"),
    );
    expect((await get(id)).data).toMatchObject({
      metrics: [{ key: "mae", value: 2.5, timestamp: 123456789, step: 0 }],
      params: [
        { key: "p", value: "" },
        { key: "q", value: "" },
      ],
    });
    expect(await server.post("runs/log-batch", { run_id: id })).toEqual(ok);
  });

  test("the largest batch, and a body larger than the server reads", async () => {
    const id = await newId();
    const many = <T>(n: number, of: (i: number) => T) => Array.from({ length: n }, (_, i) => of(i));
    const batch = {
      run_id: id,
      metrics: many(800, (i) => ({ key: `m/${i}`, value: i, timestamp: i, step: i })),
      params: many(100, (i) => ({ key: `p/${i}`, value: "x".repeat(6000) })),
      tags: many(100, (i) => ({ key: `t/${i}`, value: "ü".repeat(8000) })),
    };
    expect(await server.post("runs/log-batch", batch)).toEqual(ok);
    const { data } = await get(id);
    expect([data.metrics.length, data.params.length, data.tags.length]).toEqual([800, 100, 101]);
    expect(
      await server.post("runs/set-tag", { run_id: id, key: "k", value: "x".repeat(17 * 2 ** 20) }),
    ).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
  });

  test("datasets are one of their experiment, inputs one of their run", async () => {
    const [first, second] = [await newId(), await newId()];
    const dataset = { name: "n", digest: "d", source_type: "local", source: "{}", schema: "[]" };
    const input = {
      dataset,
      tags: [
        { key: "b", value: "1" },
        { key: "mlflow.data.context", value: "train" },
      ],
    };
    const log = (run_id: string, source: string) =>
      server.post("runs/log-inputs", {
        ...{ run_id, datasets: [{ ...input, dataset: { ...dataset, source } }, input] },
      });
    const answers = await Promise.all([
      log(first, "{}"),
      log(first, "{}"),
      log(second, "{}"),
      log(second, "{}"),
    ]);
    expect(answers).toEqual([ok, ok, ok, ok]);
    await log(second, "other");
    for (const id of [first, second])
      expect((await get(id)).inputs).toEqual({ dataset_inputs: [input] });
    expect(
      await server.db.sql.query(
        "select name, context from millwright.tracked_dataset join millwright.run_dataset on dataset = id",
      ),
    ).toHaveLength(2);
  });

  test("models used and made", async () => {
    const id = await newId();
    for (const model of ["m-a", "m-b"])
      await server.db.sql.query(
        `insert into millwright.logged_model (id, experiment, name, artifact_uri, status, created_at, updated_at)
         values ($1, 0, 'n', 'a', 'LOGGED_MODEL_READY', 0, 0)`,
        [model],
      );
    for (let i = 0; i < 2; i++) {
      await server.post("runs/log-inputs", { run_id: id, models: [{ model_id: "m-a" }] });
      await server.post("runs/outputs", {
        run_id: id,
        models: [{ model_id: "m-b", step: 3 }, { model_id: "m-a" }],
      });
    }
    const { inputs, outputs } = await get(id);
    expect(inputs).toEqual({ model_inputs: [{ model_id: "m-a" }] });
    expect(outputs).toEqual({
      model_outputs: [
        { model_id: "m-a", step: 0 },
        { model_id: "m-b", step: 3 },
      ],
    });
  });

  test("models as old clients log them are appended to a tag, none lost", async () => {
    const id = await newId();
    const model = (i: number) => ({
      ...{
        artifact_path: `a${i}`,
        run_id: id,
        utc_time_created: "now",
        model_uuid: String(i),
        signature: {},
      },
      flavors: { python_function: { loader_module: "x", config: { secret: 1 } } },
    });
    await Promise.all(
      [0, 1, 2].map((i) =>
        server.post("runs/log-model", { run_id: id, model_json: JSON.stringify(model(i)) }),
      ),
    );
    const history = async () =>
      (await get(id)).data.tags.find(
        (tag: { key: string }) => tag.key === "mlflow.log-model.history",
      ).value;
    const { signature: _, ...kept } = model(0);
    const models = JSON.parse(await history());
    expect(models).toHaveLength(3);
    expect(models.find((m: { model_uuid: string }) => m.model_uuid === "0")).toEqual({
      ...kept,
      flavors: { python_function: { loader_module: "x" } },
    });
    await server.post("runs/set-tag", {
      run_id: id,
      key: "mlflow.log-model.history",
      value: "mine",
    });
    expect(
      await server.post("runs/log-model", { run_id: id, model_json: JSON.stringify(model(3)) }),
    ).toMatchObject(refused("is not a JSON list"));
    expect(await history()).toBe("mine");
  });

  test("bodies must say what they are; both prefixes answer", async () => {
    const id = await newId();
    const post = (headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer>) =>
      fetch(`${server.url}/ajax-api/2.0/mlflow/runs/set-tag`, {
        method: "POST",
        headers,
        body,
      });
    const body = JSON.stringify({ run_id: id, key: "k", value: "v" });
    expect(await (await post({}, new TextEncoder().encode(body))).json()).toMatchObject({
      ...{
        error_code: "INVALID_PARAMETER_VALUE",
        message: "Bad Request. Content-Type header is missing.",
      },
    });
    expect((await post({ "content-type": "text/plain" }, body)).status).toBe(400);
    expect((await post({ "content-type": "application/json; charset=utf-8" }, body)).status).toBe(
      200,
    );
    expect((await post({ "content-type": "application/json" }, JSON.stringify(body))).status).toBe(
      200,
    );
  });
});
