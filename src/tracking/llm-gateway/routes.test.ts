import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";

let server: TrackingServer;
beforeAll(async () => {
  server = await trackingServer();
});
afterAll(() => server.stop());

const AT = "3.0/mlflow/gateway";
let count = 0;
const secretOf = async (values: object = { api_key: "sk-12345678" }) =>
  (
    await server.call(`post ${AT}/secrets/create`, {
      ...{ secret_name: `secret ${++count}`, secret_value: values, provider: "openai" },
    })
  ).json.secret;
const modelOf = async (secret_id: string) =>
  (
    await server.call(`post ${AT}/model-definitions/create`, {
      ...{ name: `model ${++count}`, secret_id, provider: "openai", model_name: "gpt" },
    })
  ).json.model_definition;
const endpointOf = async (model: string, more: object = {}) =>
  server.call(`post ${AT}/endpoints/create`, {
    name: `endpoint-${++count}`,
    model_configs: [{ model_definition_id: model, linkage_type: "PRIMARY", weight: 1 }],
    ...more,
  });

test("a secret is masked in answers, and sealed in the database", async () => {
  const secret = await secretOf({ access: "AKIATEST1234", short: "abc" });
  expect(secret.masked_values).toEqual({ access: "AKI...1234", short: "***" });
  const { json } = await server.call(`post ${AT}/secrets/update`, {
    ...{ secret_id: secret.secret_id, secret_value: { key: "very-secret-indeed" } },
  });
  expect(json.secret.masked_values).toEqual({ key: "ver...deed" });
  expect(json.secret.last_updated_at).toBeGreaterThan(secret.created_at);
  const rows = await server.db.sql.query<{ whole: string; sealed: Uint8Array }>(
    "select s::text as whole, sealed from millwright.llm_secret s where id = $1",
    [secret.secret_id],
  );
  expect(rows[0]!.whole).not.toContain("very-secret-indeed");
  expect(Buffer.from(rows[0]!.sealed).includes("very-secret-indeed")).toBe(false);
  const again = await server.call(`post ${AT}/secrets/create`, {
    ...{ secret_name: secret.secret_name, secret_value: { a: "b" } },
  });
  expect(again.json.error_code).toBe("RESOURCE_ALREADY_EXISTS");
  const byName = await server.call(
    `get ${AT}/secrets/get?secret_name=${encodeURIComponent(secret.secret_name)}`,
  );
  expect(byName.json.secret.secret_id).toBe(secret.secret_id);
  expect((await server.call(`get ${AT}/secrets/get`)).status).toBe(400);
  expect((await server.call(`delete ${AT}/secrets/delete`, { secret_id: "none" })).status).toBe(
    404,
  );
});

test("a map that is sent empty leaves what there was", async () => {
  const auth_config = { api_base: "https://example.org" };
  const made = await server.call(`post ${AT}/secrets/create`, {
    ...{ secret_name: "with settings", secret_value: { api_key: "sk-12345678" }, auth_config },
  });
  const { json } = await server.call(`post ${AT}/secrets/update`, {
    ...{ secret_id: made.json.secret.secret_id, secret_value: {}, auth_config: {} },
  });
  expect(json.secret).toMatchObject({ auth_config, masked_values: { api_key: "sk-...5678" } });
});

test("what no column or index has room for is refused", async () => {
  const model = (await modelOf((await secretOf()).secret_id)).model_definition_id;
  const link = (more: object) =>
    endpointOf(model, { model_configs: [{ model_definition_id: model, ...more }] });
  expect((await link({ weight: 1e300 })).status).toBe(400);
  expect((await link({ weight: "NaN" })).status).toBe(400);
  expect((await link({ fallback_order: 2 ** 40 })).status).toBe(400);
  const { endpoint_id } = (await link({ weight: 1e-300 })).json.endpoint;
  const long = randomBytes(3000).toString("hex");
  const refused = [
    await server.call(`post ${AT}/model-definitions/update`, {
      ...{ model_definition_id: model, name: long },
    }),
    await server.call(`post ${AT}/endpoints/bindings/create`, {
      ...{ endpoint_id, resource_type: "scorer", resource_id: long },
    }),
    await server.call(`post ${AT}/secrets/create`, {
      ...{ secret_name: "odd", secret_value: { "a\0": "sk-12345678" } },
    }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([400, 400, 400]);
});

test("a model loses its secret when that goes, and stays while an endpoint uses it", async () => {
  const secret = await secretOf();
  const model = await modelOf(secret.secret_id);
  expect(model.secret_name).toBe(secret.secret_name);
  const { json } = await endpointOf(model.model_definition_id);
  const named = { model_definition_id: model.model_definition_id };
  expect((await server.call(`delete ${AT}/model-definitions/delete`, named)).status).toBe(400);
  await server.call(`delete ${AT}/secrets/delete`, { secret_id: secret.secret_id });
  const get = () => server.call(`get ${AT}/endpoints/get?endpoint_id=${json.endpoint.endpoint_id}`);
  const [mapping] = (await get()).json.endpoint.model_mappings;
  expect(mapping.model_definition).not.toHaveProperty("secret_id");
  await server.call(`delete ${AT}/endpoints/delete`, { endpoint_id: json.endpoint.endpoint_id });
  expect((await get()).status).toBe(404);
  expect((await server.call(`delete ${AT}/model-definitions/delete`, named)).status).toBe(200);
});

test("an endpoint has models in order, settings, tags, and an experiment for its traces", async () => {
  const { secret_id: secret } = await secretOf();
  const [one, two] = [await modelOf(secret), await modelOf(secret)];
  const { json } = await endpointOf(one.model_definition_id, {
    ...{
      routing_strategy: "REQUEST_BASED_TRAFFIC_SPLIT",
      fallback_config: { strategy: 1, max_attempts: 2 },
    },
  });
  const { endpoint_id: id, name, experiment_id: experiment } = json.endpoint;
  expect(json.endpoint.fallback_config).toEqual({ strategy: "SEQUENTIAL", max_attempts: 2 });
  const kept = await server.call(`get 2.0/mlflow/experiments/get?experiment_id=${experiment}`);
  expect(kept.json.experiment.name).toBe(`gateway/${name}`);
  const attach = () =>
    server.call(`post ${AT}/endpoints/models/attach`, {
      ...{
        endpoint_id: id,
        model_config: { model_definition_id: two.model_definition_id, weight: 0.5 },
      },
    });
  expect((await attach()).json.mapping).toMatchObject({ weight: 0.5, linkage_type: "PRIMARY" });
  expect((await attach()).json.error_code).toBe("RESOURCE_ALREADY_EXISTS");
  await server.call(`post ${AT}/endpoints/set-tag`, { endpoint_id: id, key: "team", value: "a" });
  const endpoint = async () =>
    (await server.call(`get ${AT}/endpoints/get?endpoint_id=${id}`)).json.endpoint;
  expect(
    (await endpoint()).model_mappings.map(
      ({ model_definition_id: m }: { model_definition_id: string }) => m,
    ),
  ).toEqual([one, two].map(({ model_definition_id: m }) => m));
  expect((await endpoint()).tags).toEqual([{ key: "team", value: "a" }]);
  const wrong = await server.call(`post ${AT}/endpoints/update`, {
    ...{ endpoint_id: id, name: "renamed", model_configs: [{ model_definition_id: "none" }] },
  });
  expect(wrong.status).toBe(404);
  expect(await endpoint()).toMatchObject({ name, model_mappings: [{}, {}] });
  await server.call(`post ${AT}/endpoints/models/detach`, {
    ...{ endpoint_id: id, model_definition_id: one.model_definition_id },
  });
  expect((await endpoint()).model_mappings).toHaveLength(1);
  expect((await endpointOf("none")).status).toBe(404);
  expect((await endpointOf(one.model_definition_id, { name: "not a name!" })).status).toBe(400);
});

test("scorers are numbered, bound to their endpoint, and follow its name", async () => {
  const experiment = await server.experiment("scored");
  const model = await modelOf((await secretOf()).secret_id);
  const { endpoint_id: endpoint, name } = (await endpointOf(model.model_definition_id)).json
    .endpoint;
  const register = (scorer: object) =>
    server.call("post 3.0/mlflow/scorers/register", {
      ...{ experiment_id: experiment, name: "judge", serialized_scorer: JSON.stringify(scorer) },
    });
  const asks = (uri: string) => ({
    instructions_judge_pydantic_data: { model: uri, temperature: 1 },
  });
  expect((await register({ call_source: "x" })).json.version).toBe(1);
  expect((await register(asks("gateway:/nobody"))).status).toBe(404);
  const second = (await register(asks(`gateway:/${name}`))).json;
  expect(second.version).toBe(2);
  const bindings = async () =>
    (await server.call(`get ${AT}/endpoints/bindings/list?endpoint_id=${endpoint}`)).json
      .bindings ?? [];
  expect(await bindings()).toMatchObject([
    { resource_type: "scorer", resource_id: second.scorer_id },
  ]);
  const third = (await register({ call_source: "y" })).json;
  expect(await bindings()).toEqual([]);
  await server.call("delete 3.0/mlflow/scorers/delete", {
    ...{ experiment_id: experiment, name: "judge", version: third.version },
  });
  expect(await bindings()).toMatchObject([{ resource_id: second.scorer_id }]);
  await server.call(`post ${AT}/endpoints/update`, { endpoint_id: endpoint, name: "renamed" });
  const at = `experiment_id=${experiment}`;
  const none = await server.call(`get 3.0/mlflow/scorers/get?${at}&name=judge&version=9999999999`);
  expect(none.status).toBe(404);
  const deep = `${'{"memory_augmented_judge_data":{"base_judge":'.repeat(20_000)}{}${"}}".repeat(20_000)}`;
  const nested = await server.call("post 3.0/mlflow/scorers/register", {
    ...{ experiment_id: experiment, name: "deep", serialized_scorer: deep },
  });
  expect(nested.status).toBe(400);
  const latest = await server.call(`get 3.0/mlflow/scorers/list?${at}`);
  expect(JSON.parse(latest.json.scorers[0].serialized_scorer)).toEqual(asks("gateway:/renamed"));

  const online = (more: object) =>
    server.call("put 3.0/mlflow/scorers/online-config", {
      ...{ experiment_id: experiment, name: "judge", sample_rate: 0.5, ...more },
    });
  expect((await online({ filter_string: "status = 'OK'" })).json.config).toMatchObject({
    ...{ sample_rate: 0.5, filter_string: "status = 'OK'", scorer_id: second.scorer_id },
  });
  await online({ sample_rate: 0.8 });
  const configs = await server.call(
    `get 3.0/mlflow/scorers/online-configs?scorer_ids=${second.scorer_id}`,
  );
  expect(configs.json.configs).toHaveLength(1);
  expect(configs.json.configs[0]).not.toHaveProperty("filter_string");
  expect((await online({ sample_rate: 2 })).status).toBe(400);
  expect((await online({ filter_string: "nonsense" })).status).toBe(400);

  await server.call(`delete ${AT}/endpoints/delete`, { endpoint_id: endpoint });
  const orphan = await server.call(`get 3.0/mlflow/scorers/get?${at}&name=judge&version=2`);
  expect(JSON.parse(orphan.json.scorer.serialized_scorer)).toEqual({
    instructions_judge_pydantic_data: { model: null, temperature: 1 },
  });
  const remove = (more: object) =>
    server.call("delete 3.0/mlflow/scorers/delete", {
      experiment_id: experiment,
      name: "judge",
      ...more,
    });
  expect((await remove({ version: 1 })).status).toBe(200);
  expect((await remove({ version: 1 })).status).toBe(404);
  expect(
    (await server.call(`get 3.0/mlflow/scorers/versions?${at}&name=judge`)).json.scorers,
  ).toHaveLength(1);
  await remove({});
  expect((await server.call(`get 3.0/mlflow/scorers/list?${at}`)).text).toBe("{}");
});

test("a prompt that was tried out is a run with a table and a model", async () => {
  const experiment = await server.experiment("prompts");
  const { status, json } = await server.call("post 2.0/mlflow/runs/create-promptlab-run", {
    ...{
      experiment_id: experiment,
      run_name: "tried",
      prompt_template: "Say {{word}}",
      model_route: "m",
    },
    prompt_parameters: [{ key: "word", value: "hello" }],
    model_parameters: [
      { key: "temperature", value: 0.1 },
      { key: "stop", value: "\0" },
    ],
    model_output_parameters: [{ key: "latency", value: "100" }],
    ...{ model_input: "Say hello", model_output: "hello", mlflow_version: "3.11.1", user_id: "me" },
  });
  expect(status, JSON.stringify(json)).toBe(200);
  const { run_id: run, ...info } = json.run.info;
  expect(info).toMatchObject({ status: "FINISHED", run_name: "tried", user_id: "me" });
  expect(json.run.data.params).toContainEqual({ key: "temperature", value: "0.1" });
  expect(json.run.data.params).toContainEqual({ key: "stop", value: "\ufffd" });
  const files = await server.call(`get 2.0/mlflow/artifacts/list?run_id=${run}&path=model`);
  expect(files.json.files).toHaveLength(3);
  const table = await fetch(
    `${server.url}/get-artifact?run_id=${run}&path=eval_results_table.json`,
  );
  expect(await table.json()).toEqual({
    columns: ["word", "prompt", "output", "latency"],
    data: [["hello", "Say hello", "hello", "100"]],
  });
});
