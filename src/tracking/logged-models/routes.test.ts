import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";

let server: TrackingServer;
let experiment: string;

beforeAll(async () => {
  server = await trackingServer();
  experiment = await newExperiment("models");
});
afterAll(() => server.stop());

const newExperiment = async (name: string): Promise<string> =>
  (await server.post("experiments/create", { name })).body.experiment_id;

async function call(method: string, path: string, body?: object) {
  const response = await fetch(`${server.url}/api/2.0/mlflow/logged-models/${path}`, {
    method,
    ...(body && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  return { status: response.status, body: (await response.json()) as any };
}

const create = async (more: object = {}) =>
  (await server.post("logged-models", { experiment_id: experiment, ...more })).body.model;
const get = async (id: string) => (await call("GET", id)).body.model;
const pair = (key: string, value: string) => ({ key, value });

describe("a logged model", () => {
  it("begins pending, below its experiment", async () => {
    const { info, data } = await create({
      ...{ name: "net", model_type: "LLM", source_run_id: "123" },
      ...{ params: [pair("lr", "0.1")], tags: [pair("team", "red"), pair("team", "blue")] },
    });
    expect(info).toMatchObject({
      ...{ experiment_id: experiment, name: "net", model_type: "LLM", source_run_id: "123" },
      ...{ status: "LOGGED_MODEL_PENDING", tags: [pair("team", "blue")] },
      artifact_uri: `mlflow-artifacts:/${experiment}/models/${info.model_id}/artifacts`,
    });
    expect(info.model_id).toMatch(/^m-[0-9a-f]{32}$/);
    expect(info.creation_timestamp_ms).toBe(info.last_updated_timestamp_ms);
    expect(data).toEqual({ params: [pair("lr", "0.1")] });
    expect(await get(info.model_id)).toEqual({ info, data });
  });

  it("gets a name when it is given none, and refuses some", async () => {
    expect((await create()).info.name).toMatch(/^\w+-\w+-\d+$/);
    for (const name of ["a/b", "a:b", "a.b", "a%", 'a"', "a'"]) {
      const { status, body } = await server.post("logged-models", {
        experiment_id: experiment,
        name,
      });
      expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
      expect(body.message).toContain("Invalid model name");
    }
  });

  it("names a run by an id that an index has room for", async () => {
    const long = await server.post("logged-models", {
      ...{ experiment_id: experiment, source_run_id: randomBytes(3000).toString("hex") },
    });
    expect(long.status).toBe(400);
  });

  it("needs an active experiment", async () => {
    const none = await server.post("logged-models", { experiment_id: "4711" });
    expect([none.status, none.body.error_code]).toEqual([404, "RESOURCE_DOES_NOT_EXIST"]);
    const gone = await newExperiment("gone");
    await server.post("experiments/delete", { experiment_id: gone });
    const deleted = await server.post("logged-models", { experiment_id: gone });
    expect([deleted.status, deleted.body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
  });

  it("becomes ready or fails", async () => {
    const { info } = await create();
    for (const status of ["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"]) {
      const { body } = await call("PATCH", info.model_id, { model_id: info.model_id, status });
      expect(body.model.info.status).toBe(status);
    }
    expect((await call("PATCH", info.model_id, { status: "LOGGED_MODEL_PENDING" })).status).toBe(
      400,
    );
    expect((await call("PATCH", "m-none", { status: "LOGGED_MODEL_READY" })).status).toBe(404);
  });

  it("keeps params once", async () => {
    const { model_id: id } = (await create({ params: [pair("a", "1")] })).info;
    expect(
      (await call("POST", `${id}/params`, { params: [pair("a", "1"), pair("b", "2")] })).body,
    ).toEqual({});
    const changed = await call("POST", `${id}/params`, {
      params: [pair("c", "3"), pair("b", "4")],
    });
    expect([changed.status, changed.body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(changed.body.message).toContain("Changing param values is not allowed");
    expect((await get(id)).data.params).toEqual([pair("a", "1"), pair("b", "2")]);
    expect((await call("POST", "m-none/params", { params: [pair("a", "1")] })).status).toBe(404);
  });

  it("changes and loses tags", async () => {
    const { model_id: id } = (await create({ tags: [pair("a", "1")] })).info;
    await call("PATCH", `${id}/tags`, { tags: [pair("a", "2"), pair("b/c d", "3")] });
    expect((await get(id)).info.tags).toEqual([pair("a", "2"), pair("b/c d", "3")]);
    expect((await call("DELETE", `${id}/tags/${encodeURIComponent("b/c d")}`)).body).toEqual({});
    const again = await call("DELETE", `${id}/tags/${encodeURIComponent("b/c d")}`);
    expect([again.status, again.body.error_code]).toEqual([404, "RESOURCE_DOES_NOT_EXIST"]);
    expect(again.body.message).toContain("No tag with key");
    expect((await get(id)).info.tags).toEqual([pair("a", "2")]);
  });

  it("says where it is registered", async () => {
    const { model_id: id } = (await create()).info;
    const value = '[{"name":"net","version":1},{"name":"net","version":"2"},null,{"name":3}]';
    await call("PATCH", `${id}/tags`, { tags: [pair("mlflow.modelVersions", value)] });
    expect((await get(id)).info.registrations).toEqual([
      { name: "net", version: "1" },
      { name: "net", version: "2" },
    ]);
    await call("PATCH", `${id}/tags`, { tags: [pair("mlflow.modelVersions", "no list")] });
    expect((await get(id)).info.registrations).toBeUndefined();
  });

  it("is gone when deleted", async () => {
    const { model_id: id } = (await create({ name: "shortlived" })).info;
    expect((await call("DELETE", id)).body).toEqual({});
    const { status, body } = await call("GET", id);
    expect([status, body.error_code]).toEqual([404, "RESOURCE_DOES_NOT_EXIST"]);
    expect(body.message).toBe(`Logged model with ID '${id}' not found.`);
    const { body: none } = await server.post("logged-models/search", {
      ...{ experiment_ids: [experiment], filter: "name = 'shortlived'" },
    });
    expect(none).toEqual({});
    expect((await call("DELETE", id)).status).toBe(200);
    expect((await call("DELETE", "m-none")).status).toBe(404);
  });

  it("shows the metrics logged with its id", async () => {
    const { model_id: id } = (await create()).info;
    const { body } = await server.post("runs/create", { experiment_id: experiment });
    const run = body.run.info.run_id;
    for (const [value, timestamp] of [
      [0.5, 1],
      ["NaN", 2],
    ])
      await server.post("runs/log-metric", {
        ...{ run_id: run, key: "f1", value, timestamp, step: 1, model_id: id },
        ...{ dataset_name: "iris", dataset_digest: "d1" },
      });
    const shown = {
      key: "f1",
      step: 1,
      model_id: id,
      run_id: run,
      dataset_name: "iris",
      dataset_digest: "d1",
    };
    expect((await get(id)).data.metrics).toEqual([
      { ...shown, value: 0.5, timestamp: 1 },
      { ...shown, value: "NaN", timestamp: 2 },
    ]);
  });
});

describe("logged-models/search", () => {
  let home: string;
  const ids: string[] = [];

  beforeAll(async () => {
    home = await newExperiment("found models");
    const { body } = await server.post("runs/create", { experiment_id: home });
    for (let i = 0; i < 5; i++) {
      const model = await create({
        ...{ experiment_id: home, name: `net ${i}`, tags: [pair("t", String(i % 2))] },
        ...(i === 0 ? {} : { source_run_id: body.run.info.run_id, params: [pair("p", "a")] }),
      });
      ids.push(model.info.model_id);
      const dataset = i < 2 ? { dataset_name: "iris", dataset_digest: `d${i}` } : {};
      for (const [step, value] of [
        [1, 5],
        [2, i === 3 ? "NaN" : i / 10],
      ])
        if (i !== 4)
          await server.post("runs/log-metric", {
            ...{ run_id: body.run.info.run_id, key: "loss", value, timestamp: step, step },
            ...{ model_id: model.info.model_id, ...dataset },
          });
    }
    await call("PATCH", ids[2]!, { status: "LOGGED_MODEL_READY" });
  });

  const search = (more: object = {}) =>
    server.post("logged-models/search", { experiment_ids: [home], ...more });
  const found = async (more: object): Promise<number[]> => {
    const { status, body } = await search(more);
    expect(status, body.message).toBe(200);
    return (body.models ?? []).map((m: { info: { model_id: string } }) =>
      ids.indexOf(m.info.model_id),
    );
  };
  const order = (field_name: string, more: object = {}) => ({
    order_by: [{ field_name, ...more }],
  });

  it("answers by filter", async () => {
    const sorted = order("name");
    expect(await found(sorted)).toEqual([0, 1, 2, 3, 4]);
    expect(await found({ filter: `model_id IN ('${ids[0]}', '${ids[3]}')`, ...sorted })).toEqual([
      0, 3,
    ]);
    expect(await found({ filter: "name LIKE 'net%' AND tags.t = '1'", ...sorted })).toEqual([1, 3]);
    expect(await found({ filter: "params.p != 'b'", ...sorted })).toEqual([1, 2, 3, 4]);
    expect(await found({ filter: "source_run_id != 'x'", ...sorted })).toEqual([1, 2, 3, 4]);
    expect(await found({ filter: "status = 'READY'" })).toEqual([2]);
    expect(await found({ filter: "status NOT IN ('READY')", ...sorted })).toEqual([0, 1, 3, 4]);
    expect(await found({ filter: "metrics.loss < 0.25", ...sorted })).toEqual([0, 1, 2]);
    expect(await found({ filter: "metrics.loss > 1" })).toEqual([]);
    expect(await found({ filter: "creation_time > 1 AND last_updated_timestamp < 5" })).toEqual([]);
  });

  it("answers by dataset", async () => {
    const iris = [{ dataset_name: "iris" }];
    expect(await found({ datasets: iris, ...order("name") })).toEqual([0, 1]);
    expect(await found({ datasets: [{ dataset_name: "iris", dataset_digest: "d1" }] })).toEqual([
      1,
    ]);
    expect(
      await found({ datasets: iris, filter: "metrics.loss > 0.05 AND metrics.loss < 1" }),
    ).toEqual([1]);
  });

  it("answers in order, missing and NaN last", async () => {
    const tied = { order_by: [{ field_name: "metrics.loss" }, { field_name: "name" }] };
    expect(await found(tied)).toEqual([0, 1, 2, 3, 4]);
    expect(await found(order("metrics.loss", { ascending: false }))).toEqual([2, 1, 0, 3, 4]);
    const iris = order("metrics.loss", { dataset_name: "iris", ascending: false });
    expect((await found(iris)).slice(0, 2)).toEqual([1, 0]);
    expect(await found(order("creation_time", { ascending: false }))).toHaveLength(5);
    expect((await found(order("source_run_id"))).at(-1)).toBe(0);
  });

  it("answers pages whose tokens belong to the search", async () => {
    const given = { max_results: 2, ...order("metrics.loss", { ascending: false }) };
    const first = (await search(given)).body;
    const page_token: string = first.next_page_token;
    expect(await found({ ...given, page_token })).toEqual([0, 3]);
    const next = (await search({ ...given, page_token })).body.next_page_token;
    expect(await found({ ...given, page_token: next })).toEqual([4]);
    for (const other of [
      { filter: "name != 'x'" },
      { experiment_ids: [home, "0"] },
      { order_by: [] },
      { datasets: [{ dataset_name: "iris" }] },
    ]) {
      const { status, body } = await search({ ...given, page_token, ...other });
      expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    }
  });

  it("shows of each metric the latest", async () => {
    const { body } = await search({ filter: "name = 'net 1'" });
    expect(body.models[0].data.metrics).toMatchObject([{ key: "loss", value: 0.1, step: 2 }]);
  });

  it("refuses more entries than one statement should have", async () => {
    for (const [field, entry] of [
      ["order_by", { field_name: "metrics.a" }],
      ["datasets", { dataset_name: "d" }],
    ] as const) {
      const { status, body } = await search({ [field]: Array(2000).fill(entry) });
      expect(status).toBe(400);
      expect(body.message).toContain(`${field} has 2000 entries`);
    }
  });

  it.each([
    [{ experiment_ids: [] }, "experiment_ids"],
    [{ filter: "params.p > 'a'" }, "Invalid comparator '>'"],
    [{ datasets: [{ dataset_digest: "d" }] }, "`dataset_name` in the `datasets` clause"],
    [order("metrics.a", { dataset_digest: "d" }), "`dataset_digest` can only be specified"],
    [order("params.p"), "Invalid order by field name"],
    [order("colour"), "Invalid attribute key 'colour'"],
    [order(""), "order_by[0].field_name"],
    [{ max_results: -1 }, "max_results"],
    [{ page_token: "00" }, "Invalid page token"],
  ])("refuses %o", async (more, reason) => {
    const { status, body } = await search(more);
    expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(body.message).toContain(reason);
  });
});
