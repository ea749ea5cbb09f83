import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import { someVersion } from "../../testing/memory-stores.ts";
import { onnxModel } from "../../testing/onnx-models.ts";
import { type RegistryServer, registryServer } from "../../testing/registry-server.ts";
import { type RegistryStore, registryStore } from "../store.ts";
import { registeredStore } from "./store.ts";

let server: RegistryServer;
let registry: RegistryStore;
/** What clients asked to promote: `model/number`. */
const promoted: string[] = [];

beforeAll(async () => {
  server = await registryServer({
    served: {
      names: async () => ["defined"],
      async promoteByAlias(model, number) {
        if (number === 1)
          throw new MillwrightError("gate_failed", "Version 1 did not pass its gates: too bad.");
        const version = await registry.find(model, String(number));
        if (!version) return "not servable";
        promoted.push(`${model}/${number}`);
        await registry.move(move(model, version.id));
        return "promoted";
      },
    },
  });
  registry = registryStore(server.db.sql);
});
afterAll(() => server.stop());

const digest = (start: string) => `sha256:${start.padEnd(64, "0")}` as Digest;
const move = (model: string, version: Digest | undefined) => ({
  ...{ model, alias: "champion" as const, version, previous: undefined, verdict: undefined },
  ...{ reason: "a test", runId: undefined, at: Date.now() },
});
const own = (model: string, id: string, number?: number) =>
  registry.add({ ...someVersion("a"), id: digest(id), model, createdAt: Date.now() }, number);

const call = (method: string, path: string, fields?: object) => server.call(method, path, fields);
const create = async (name: string, versions = 0) => {
  await call("POST", "registered-models/create", { name });
  for (let i = 0; i < versions; i++) await register(name);
};
const register = (name: string, more: object = {}) =>
  call("POST", "model-versions/create", { name, source: "s3://bucket/model", ...more });
const numbersOf = async (name: string): Promise<string[]> => {
  const { body } = await call("GET", "model-versions/search", { filter: `name = '${name}'` });
  return (body.model_versions ?? []).map((v: { version: string }) => v.version);
};

test("fifty clients at once get the numbers 1 to 50", async () => {
  await create("crowd");
  const answers = await Promise.all(Array.from({ length: 50 }, () => register("crowd")));
  const numbers = answers.map(({ body }) => Number(body.model_version.version));
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
});

test("versions trained here and versions registered by clients are on one line", async () => {
  const first = await own("line", "11");
  const second = await register("line");
  const third = await own("line", "33");
  expect([first.number, second.body.model_version.version, third.number]).toEqual([1, "2", 3]);
  expect(await numbersOf("line")).toEqual(["3", "2", "1"]);
  const seen = await call("GET", "model-versions/get", { name: "line", version: 3 });
  expect(seen.body.model_version).toMatchObject({
    ...{ name: "line", version: "3", current_stage: "None", status: "READY", run_id: "run" },
    ...{ source: "mlflow-artifacts:/models/line/3", millwright_id: third.id },
  });
  const model = await call("GET", "registered-models/get", { name: "line" });
  expect(model.body.registered_model.latest_versions[0].version).toBe("3");
});

test("numbers are given once although trainings and clients race for them", async () => {
  await create("race");
  await Promise.all([
    ...Array.from({ length: 20 }, (_, i) => own("race", `ace${i.toString(16).padStart(3, "0")}`)),
    ...Array.from({ length: 20 }, () => register("race")),
  ]);
  const numbers = (await numbersOf("race")).map(Number).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
});

test("a version that a client registered is served under its number once it is adopted", async () => {
  await create("adopted", 2);
  const adopted = await own("adopted", "ad0", 1);
  expect(adopted.number).toBe(1);
  const seen = await call("GET", "model-versions/get", { name: "adopted", version: "1" });
  expect(seen.body.model_version).toMatchObject({
    ...{ source: "s3://bucket/model", millwright_id: adopted.id },
  });
  await expect(own("adopted", "ad1", 1)).rejects.toThrow(
    "Version 1 of adopted is served by another model already.",
  );
  expect((await own("adopted", "ad2")).number).toBe(3);
});

test("a version that a client deletes while it is adopted stays deleted", async () => {
  await create("withdrawn", 2);
  await call("DELETE", "model-versions/delete", { name: "withdrawn", version: "1" });
  await expect(own("withdrawn", "dead", 1)).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringMatching(/Version 1 of withdrawn has been deleted/),
  });
  expect(await numbersOf("withdrawn")).toEqual(["2"]);
  expect(await registry.versions("withdrawn")).toEqual([]);
});

test("a deleted version's number is not given again, and its aliases go with it", async () => {
  await create("deleted", 3);
  await call("POST", "registered-models/alias", { name: "deleted", alias: "best", version: "3" });
  expect(await call("DELETE", "model-versions/delete", { name: "deleted", version: 3 })).toEqual({
    ...{ status: 200, body: {} },
  });
  expect((await register("deleted")).body.model_version.version).toBe("4");
  expect(await numbersOf("deleted")).toEqual(["4", "2", "1"]);
  const alias = await call("GET", "registered-models/alias", { name: "deleted", alias: "best" });
  expect(alias).toMatchObject({
    ...{ status: 400, body: { message: "Registered model alias best not found." } },
  });
});

test("one of ours that a client deletes is gone for us too, until the same training gives it again", async () => {
  await own("gone", "60a");
  await own("gone", "60b");
  await call("DELETE", "model-versions/delete", { name: "gone", version: "1" });
  expect((await registry.versions("gone")).map(({ number }) => number)).toEqual([2]);
  expect(await registry.find("gone", "1")).toBeUndefined();
  expect((await own("gone", "60a")).number).toBe(1);
  expect((await numbersOf("gone")).sort()).toEqual(["1", "2"]);
});

test("the champion is seen as an alias, is not deleted, and does not lose its alias to a client", async () => {
  const version = await own("served", "5e1");
  await own("served", "5e2");
  await registry.move(move("served", version.id));
  const champion = { name: "served", alias: "champion" };
  const seen = await call("GET", "registered-models/alias", champion);
  expect(seen.body.model_version).toMatchObject({ version: "1", aliases: ["champion"] });
  for (const [method, path, fields] of [
    ["DELETE", "model-versions/delete", { name: "served", version: "1" }],
    ["DELETE", "registered-models/alias", champion],
    ["POST", "registered-models/rename", { name: "served", new_name: "other" }],
  ] as const) {
    const refused = await call(method, path, fields);
    expect(refused.status).toBe(400);
    expect(refused.body.error_code).toBe("INVALID_STATE");
    expect(refused.body.message).toMatch(/champion|served|trained/);
  }
  await registry.move(move("served", undefined));
  expect((await call("GET", "registered-models/get", { name: "served" })).body).not.toHaveProperty(
    "registered_model.aliases",
  );
  expect(
    (await call("DELETE", "model-versions/delete", { name: "served", version: 1 })).status,
  ).toBe(200);
});

test("champion set by a client is a promotion through the gates where the version can be served", async () => {
  await own("promoted", "9a1");
  await own("promoted", "9a2");
  const set = (version: string) =>
    call("POST", "registered-models/alias", { name: "promoted", alias: "champion", version });
  expect(await set("1")).toEqual({
    status: 400,
    body: {
      error_code: "INVALID_STATE",
      message: "Version 1 did not pass its gates: too bad.",
    },
  });
  expect((await set("2")).status).toBe(200);
  expect(promoted).toEqual(["promoted/2"]);
  const third = await register("promoted");
  const unserved = await set(third.body.model_version.version);
  expect(unserved.status).toBe(400);
  expect(unserved.body.message).toMatch(/version 2 of promoted is champion.*cannot be served/);
});

test("champion of a model that nobody serves is a name, until ours becomes champion", async () => {
  await create("named", 2);
  const champion = { name: "named", alias: "champion" };
  for (const version of ["1", "2"])
    await call("POST", "registered-models/alias", { ...champion, version });
  expect((await call("GET", "registered-models/alias", champion)).body.model_version.version).toBe(
    "2",
  );
  const mine = await own("named", "4a1");
  await registry.move(move("named", mine.id));
  expect((await call("GET", "registered-models/alias", champion)).body.model_version.version).toBe(
    "3",
  );
});

test("an alias that many set at once points to one of their versions", async () => {
  await create("contested", 5);
  await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      call("POST", "registered-models/alias", {
        ...{ name: "contested", alias: "best", version: String((i % 5) + 1) },
      }),
    ),
  );
  const { body } = await call("GET", "registered-models/get", { name: "contested" });
  expect(body.registered_model.aliases).toHaveLength(1);
  const { version } = body.registered_model.aliases[0];
  const seen = await call("GET", "model-versions/get", { name: "contested", version });
  expect(seen.body.model_version.aliases).toEqual(["best"]);
});

test("a model of MLflow's alone is renamed with everything, and deleted", async () => {
  await create("before", 2);
  await call("POST", "registered-models/alias", { name: "before", alias: "a", version: 1 });
  const renamed = await call("POST", "registered-models/rename", {
    ...{ name: "before", new_name: "after" },
  });
  expect(renamed.body.registered_model).toMatchObject({
    ...{ name: "after", aliases: [{ alias: "a", version: "1" }] },
  });
  expect((await call("GET", "registered-models/get", { name: "before" })).body).toEqual({
    error_code: "RESOURCE_DOES_NOT_EXIST",
    message: "Registered Model with name=before not found",
  });
  await create("occupied");
  expect(
    await call("POST", "registered-models/rename", { name: "after", new_name: "occupied" }),
  ).toMatchObject({ status: 400, body: { error_code: "RESOURCE_ALREADY_EXISTS" } });
  expect((await call("DELETE", "registered-models/delete", { name: "after" })).status).toBe(200);
  expect(await numbersOf("after")).toEqual([]);
});

test("what the project defines is neither renamed nor deleted", async () => {
  await create("defined");
  for (const [method, path, fields] of [
    ["DELETE", "registered-models/delete", { name: "defined" }],
    ["POST", "registered-models/rename", { name: "defined", new_name: "x" }],
  ] as const)
    expect(await call(method, path, fields)).toMatchObject({
      status: 400,
      body: { error_code: "INVALID_STATE", message: /the project defines it/ },
    });
});

test("stages: any case, others archived only on request and only from active stages", async () => {
  await create("stages", 3);
  const to = (version: number, stage: string, archive_existing_versions = false) =>
    call("POST", "model-versions/transition-stage", {
      ...{ name: "stages", version, stage, archive_existing_versions },
    });
  await to(1, "production");
  await to(2, "PRODUCTION");
  const both = await call("POST", "registered-models/get-latest-versions", { name: "stages" });
  expect(both.body.model_versions.map((v: { version: string }) => v.version)).toEqual(["3", "2"]);
  await to(3, "Production", true);
  const stageOf = async (version: number) =>
    (await call("GET", "model-versions/get", { name: "stages", version })).body.model_version
      .current_stage;
  expect(await Promise.all([1, 2, 3].map(stageOf))).toEqual(["Archived", "Archived", "Production"]);
  expect(await to(1, "None", true)).toMatchObject({
    ...{ status: 400, body: { message: /not an Active stage/ } },
  });
  expect(await to(1, "live")).toMatchObject({
    status: 400,
    body: {
      message:
        "Invalid Model Version stage: live. Value must be one of None, Staging, Production, Archived.",
    },
  });
  const get = await call("GET", "registered-models/get-latest-versions", {
    ...{ name: "stages", stages: ["archived"] },
  });
  expect(get.body.model_versions.map((v: { version: string }) => v.version)).toEqual(["2"]);
});

test("a version that is deleted while its stage changes is deleted after it", async () => {
  await create("turns", 1);
  const { sql } = server.db;
  const registered = registeredStore(sql);
  const waiting = (count: number) =>
    expect
      .poll(() => sql.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'"))
      .toHaveLength(count);
  const changes = await sql.transact(async (tx) => {
    await tx.query("select 1 from millwright.registered_model where name = 'turns' for update");
    const change = { number: 1, stage: "Staging", archiveOthers: false, at: 1 } as const;
    const staged = registered.setStage("turns", change);
    await waiting(1);
    const deleted = registered.deleteVersion("turns", 1, 1);
    await waiting(2);
    return [staged, deleted];
  });
  expect(await Promise.all(changes)).toEqual([true, true]);
  expect(await numbersOf("turns")).toEqual([]);
});

test("names, aliases, keys and versions that cannot be are refused in words", async () => {
  await create("words", 1);
  const alias = (name: string) =>
    call("POST", "registered-models/alias", { name: "words", alias: name, version: 1 });
  for (const name of ["latest", "LATEST", "v1", "V12", "a b", "a/b", "x".repeat(256)])
    expect(await alias(name)).toMatchObject({
      ...{ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } },
    });
  for (const name of ["a/b", "a:b", " ", ".", ""])
    expect((await call("POST", "registered-models/create", { name })).status).toBe(400);
  expect(await call("GET", "model-versions/get", { name: "words", version: "x" })).toMatchObject({
    ...{ status: 400, body: { message: "Parameter 'version' must be an integer, got 'x'." } },
  });
  for (const version of ["99", "-1", "99999999999999"])
    expect((await call("GET", "model-versions/get", { name: "words", version })).status).toBe(404);
  const tag = (key: string, value: string) =>
    call("POST", "model-versions/set-tag", { name: "words", version: "1", key, value });
  expect((await tag("k".repeat(251), "")).status).toBe(400);
  expect((await tag("../k", "")).status).toBe(400);
  expect((await tag("k", "v".repeat(100_001))).status).toBe(400);
  expect((await tag("k", "v".repeat(100_000))).status).toBe(200);
  expect((await register("words", { run_id: "r".repeat(501) })).status).toBe(400);
});

test("sources: nothing that climbs, local files only inside what the run wrote", async () => {
  await create("sources");
  const { body } = await call("POST", "runs/create", { experiment_id: "0", start_time: 1 });
  const run_id = body.run.info.run_id;
  for (const source of [
    "mlflow-artifacts:/models///",
    "mlflow-artifacts://host:9/a/..../",
    "dbfs:/a",
  ])
    expect((await register("sources", { source, run_id })).status).toBe(200);
  for (const source of [
    ...["s3a://b/a/../../x", "mlflow-artifacts://h/m/..%2f..%2fx", "http://h/a%252e%252e/%2e%2e/"],
    ...[
      "ftp://h/a%00",
      "/tmp",
      "file:///tmp",
      "relative",
      "file://123.456.789.123/path",
      "models:/",
    ],
  ])
    expect(await register("sources", { source, run_id })).toMatchObject({
      ...{ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } },
    });
});

test("a copied version is of the run and files that its original is of", async () => {
  await create("original");
  await register("original", { source: "s3://bucket/one", run_id: "r1" });
  await call("POST", "registered-models/alias", { name: "original", alias: "best", version: 1 });
  await create("copy");
  const byNumber = await register("copy", { source: "models:/original/1" });
  await register("copy", { source: "models:/original@best", run_id: "r2" });
  expect(byNumber.body.model_version).toMatchObject({
    ...{ source: "models:/original/1", run_id: "r1" },
  });
  for (const version of [1, 2])
    expect(
      (await call("GET", "model-versions/get-download-uri", { name: "copy", version })).body,
    ).toEqual({ artifact_uri: "s3://bucket/one" });
  expect((await register("copy", { source: "models:/original/7" })).status).toBe(404);
  const unknown = { source: "models:/original/1", model_id: "m-nowhere" };
  expect((await register("copy", unknown)).status).toBe(404);
});

test("a logged model gives its version run and files, and lists each registration once", async () => {
  const made = await call("POST", "runs/create", { experiment_id: "0", start_time: 1 });
  const source_run_id = made.body.run.info.run_id;
  const logged = await call("POST", "logged-models", {
    ...{ experiment_id: "0", name: "net", source_run_id },
  });
  const { model_id, artifact_uri } = logged.body.model.info;
  await create("from-logged");
  const source = `models:/${model_id}`;
  const registrations = await Promise.all(
    Array.from({ length: 5 }, () => register("from-logged", { source, model_id })),
  );
  for (const { body } of registrations)
    expect(body.model_version).toMatchObject({ run_id: source_run_id, model_id, source });
  const uri = await call("GET", "model-versions/get-download-uri", {
    ...{ name: "from-logged", version: 5 },
  });
  expect(uri.body.artifact_uri).toBe(artifact_uri);
  const tagOf = async () => {
    const { body } = await call("GET", `logged-models/${model_id}`);
    const tags: { key: string; value: string }[] = body.model.info.tags;
    return JSON.parse(tags.find(({ key }) => key === "mlflow.modelVersions")!.value);
  };
  const all = [1, 2, 3, 4, 5].map((version) => ({ name: "from-logged", version }));
  const sorted = (list: { version: number }[]) => list.sort((a, b) => a.version - b.version);
  expect(sorted(await tagOf())).toEqual(all);
  // As the client does after it has registered.
  const again = JSON.stringify([...all, { ...all[4], version: "5" }]);
  await call("PATCH", `logged-models/${model_id}/tags`, {
    tags: [{ key: "mlflow.modelVersions", value: again }],
  });
  expect(sorted(await tagOf())).toEqual(all);
  const nowhere = `models:/m-${"0".repeat(32)}`;
  expect(await register("from-logged", { source: nowhere })).toMatchObject({
    ...{ status: 404, body: { message: /Logged model with ID .* not found/ } },
  });
});

test("searching: prompts only for who asks, pages without gaps, tokens of other searches refused", async () => {
  const prompt = [{ key: "mlflow.prompt.is_prompt", value: "true" }];
  await call("POST", "registered-models/create", { name: "page-prompt", tags: prompt });
  await call("POST", "model-versions/create", {
    ...{ name: "page-prompt", source: "dummy-source", tags: prompt },
  });
  for (let i = 0; i < 7; i++) await create(`page-${i}`, 1);
  const search = (fields: object) => call("GET", "registered-models/search", fields);
  const names = (body: { registered_models?: { name: string }[] }) =>
    (body.registered_models ?? []).map(({ name }) => name);
  const all = Array.from({ length: 7 }, (_, i) => `page-${i}`);
  const filter = "name LIKE 'page-%'";
  expect(names((await search({ filter })).body)).toEqual(all);
  const not = "AND tags.`mlflow.prompt.is_prompt` != 'true'";
  expect(names((await search({ filter: `${filter} ${not}` })).body)).toEqual(all);
  const asked = "tags.`mlflow.prompt.is_prompt` = 'true'";
  expect(names((await search({ filter: asked })).body)).toEqual(["page-prompt"]);
  const paged: string[] = [];
  let token: string | undefined;
  do {
    const page = await search({
      ...{ filter, max_results: 3, order_by: ["name DESC"] },
      ...(token ? { page_token: token } : {}),
    });
    paged.push(...names(page.body));
    token = page.body.next_page_token;
  } while (token);
  expect(paged).toEqual([...all].reverse());
  const first = await search({ filter, max_results: 3 });
  for (const page_token of ["garbage", first.body.next_page_token])
    expect((await search({ filter: "name != 'x'", page_token })).status).toBe(400);
  expect((await search({ max_results: 1001 })).status).toBe(400);
  const versions = await call("GET", "model-versions/search", { filter });
  expect(versions.body.model_versions).toHaveLength(7);
});

test("registering appends version.registered to the event log; a prompt does not", async () => {
  await create("told");
  await register("told", { source: "s3://bucket/told" });
  const events = await server.db.sql.query(
    "select subject, payload from millwright.event where type = 'version.registered' and subject in ('told', 'page-prompt')",
  );
  expect(events).toEqual([
    {
      subject: "told",
      payload: { number: 1, source: "s3://bucket/told", loggedModel: null, runId: null },
    },
  ]);
});

test("the files of a version of ours are read through the artifact proxy, and not changed", async () => {
  const onnx = onnxModel("logged_churn.onnx");
  const id = digest("f11e");
  const kept = await server.blobs.put(onnx);
  await registry.add({ ...someVersion("a"), id, model: "files", onnx: kept, createdAt: 1 });
  const { body } = await call("GET", "model-versions/get-download-uri", {
    ...{ name: "files", version: "1" },
  });
  expect(body.artifact_uri).toBe("mlflow-artifacts:/models/files/1");
  const root = `${server.url}/api/2.0/mlflow-artifacts/artifacts`;
  const listed = await (await fetch(`${root}?path=models/files/1`)).json();
  expect(listed).toMatchObject({
    files: [
      { path: "MLmodel", is_dir: false },
      { path: "model.onnx", is_dir: false, file_size: onnx.length },
    ],
  });
  const read = (file: string) => fetch(`${root}/models/files/1/${file}`);
  expect(parse(await (await read("MLmodel")).text())).toMatchObject({
    flavors: { onnx: { data: "model.onnx" }, python_function: { loader_module: "mlflow.onnx" } },
  });
  expect(new Uint8Array(await (await read("model.onnx")).arrayBuffer())).toEqual(onnx);
  expect((await read("conda.yaml")).status).toBe(404);
  expect((await fetch(`${root}?path=models/files/2`)).status).toBe(200);
  for (const [method, path] of [
    ["PUT", "models/files/1/MLmodel"],
    ["PUT", "models/files/1/deep/er"],
    ["DELETE", "models/files/1"],
  ]) {
    const refused = await fetch(`${root}/${path}`, {
      method: method!,
      ...(method === "PUT" ? { body: "x" } : {}),
    });
    expect([method, refused.status]).toEqual([method, 400]);
  }
  expect((await fetch(`${root}/models/other/1/x`, { method: "PUT", body: "x" })).status).toBe(200);
});
