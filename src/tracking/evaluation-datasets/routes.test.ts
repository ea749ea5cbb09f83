import { afterAll, beforeAll, expect, test } from "vitest";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";

let server: TrackingServer;
let one: string;
let two: string;
beforeAll(async () => {
  server = await trackingServer();
  [one, two] = [await server.experiment("one"), await server.experiment("two")];
});
afterAll(() => server.stop());

const DATASETS = "3.0/mlflow/datasets";
const create = async (name: string, experiments: string[], tags: object = {}) =>
  (
    await server.call(`post ${DATASETS}/create`, {
      ...{ name, experiment_ids: experiments, tags: JSON.stringify(tags) },
    })
  ).json.dataset;
const get = async (id: string) => (await server.call(`get ${DATASETS}/${id}`)).json.dataset;
const put = (id: string, records: string | object) =>
  server.call(`post ${DATASETS}/${id}/records`, {
    records: typeof records === "string" ? records : JSON.stringify(records),
  });
const recordsOf = async (id: string, query = "") => {
  const { json } = await server.call(`get ${DATASETS}/${id}/records${query}`);
  return { ...json, list: JSON.parse(json.records) };
};

test("a dataset has tags that are set, changed and deleted", async () => {
  const made = await create("tagged", [one], { env: "dev", n: 1, "mlflow.user": "me" });
  expect(made).toMatchObject({ experiment_ids: [one], created_by: "me", name: "tagged" });
  expect(JSON.parse(made.tags)).toEqual({ env: "dev", n: "1", "mlflow.user": "me" });
  const path = `${DATASETS}/${made.dataset_id}/tags`;
  await server.call(`patch ${path}`, { tags: '{"env": "prod", "n": null, "new": "x"}' });
  await server.call(`delete ${path}/new`);
  expect(JSON.parse((await get(made.dataset_id)).tags)).toEqual({
    env: "prod",
    "mlflow.user": "me",
  });
  expect((await server.call(`patch ${DATASETS}/none/tags`, { tags: "{}" })).status).toBe(404);
  expect((await server.call(`patch ${path}`, { tags: "[]" })).status).toBe(400);
});

test("belongs to experiments", async () => {
  const { dataset_id: id } = await create("shared", [one]);
  const change = (verb: string, ids: string[]) =>
    server.call(`post ${DATASETS}/${id}/${verb}-experiments`, { experiment_ids: ids });
  await change("add", [one, two]);
  expect((await server.call(`get ${DATASETS}/${id}/experiment-ids`)).json.experiment_ids).toEqual([
    one,
    two,
  ]);
  const before = await get(id);
  expect((await change("add", ["99999"])).status).toBe(404);
  expect(await get(id)).toEqual(before);
  await change("remove", [one, "99999"]);
  expect((await get(id)).experiment_ids).toEqual([two]);
  expect((await server.call(`post ${DATASETS}/none/add-experiments`, {})).status).toBe(404);
  expect(
    (await server.call(`post ${DATASETS}/create`, { name: "x", experiment_ids: ["99999"] })).status,
  ).toBe(404);
});

test("records with the same inputs are one record, and numbers stay as they were written", async () => {
  const { dataset_id: id, digest } = await create("questions", []);
  const first = await put(id, [
    { inputs: { q: "a", k: 1 }, expectations: { answer: "A" }, tags: { level: "easy" } },
    { inputs: { q: "b" }, outputs: "text" },
    { inputs: { k: 1, q: "a" }, expectations: { source: "book" } },
  ]);
  expect(first.json).toEqual({ inserted_count: 2, updated_count: 1 });
  const second = await put(
    id,
    '[{"inputs":{"q":"c","big":12345678901234567890,"whole":1.0},"outputs":{"r":null},' +
      '"source":{"source_type":"TRACE","source_data":{"trace_id":"tr-1"}}},' +
      '{"inputs":{"q":"b"},"tags":{"more":"x"}}]',
  );
  expect(second.json).toEqual({ inserted_count: 1, updated_count: 1 });
  const { list, records } = await recordsOf(id);
  expect(records).toContain('"big":12345678901234567890,"whole":1.0');
  expect(list.map(({ inputs }: { inputs: { q: string } }) => inputs.q)).toEqual(["a", "b", "c"]);
  expect(list[0]).toMatchObject({
    expectations: { answer: "A", source: "book" },
    tags: { level: "easy" },
  });
  expect(list[1]).toMatchObject({ outputs: "text", tags: { more: "x" } });
  expect(list[2]).toMatchObject({ outputs: { r: null }, source_id: "tr-1", source_type: "TRACE" });
  const dataset = await get(id);
  expect(dataset.digest).not.toBe(digest);
  expect(JSON.parse(dataset.profile)).toEqual({ num_records: 3 });
  expect(JSON.parse(dataset.schema)).toMatchObject({
    ...{ inputs: { q: "string", k: "integer" }, outputs: "string" },
    expectations: { answer: "string", source: "string" },
  });

  const page = await recordsOf(id, "?max_results=2");
  const rest = await recordsOf(id, `?max_results=2&page_token=${page.next_page_token}`);
  expect([page.list.length, rest.list.length, rest.next_page_token]).toEqual([2, 1, undefined]);
  const gone = await server.call(`delete ${DATASETS}/${id}/records`, {
    dataset_record_ids: [list[0].dataset_record_id, "dr-none"],
  });
  expect(gone.json).toEqual({ deleted_count: 1 });
  expect((await get(id)).digest).not.toBe(dataset.digest);
  expect((await recordsOf(id)).list).toHaveLength(2);
  await server.call(`delete ${DATASETS}/${id}`);
  expect((await server.call(`get ${DATASETS}/${id}`)).status).toBe(404);
});

test("a record that comes twice in a list is one, with its numbers as they were written", async () => {
  const { dataset_id: id } = await create("twice", []);
  const inputs = '"inputs": {"q": "]},{\\"[", "n": [1, {"m": 2.0}]}';
  const outputs = '{"big":12345678901234567890,"whole":1.0}';
  const { json } = await put(
    id,
    ` [ {${inputs}} ,{"inputs": {}}, {${inputs}, "outputs":${outputs}} ] `,
  );
  expect(json).toEqual({ inserted_count: 2, updated_count: 1 });
  expect((await recordsOf(id)).records).toContain(outputs);
});

test.each(["{}", "[1]", '[{"inputs":[1]}]', '[{"inputs":{"a":1e999}}]', "nonsense"])(
  "records %s are refused in words",
  async (records) => {
    const { dataset_id: id } = await create("refused", []);
    expect(await put(id, records)).toMatchObject({
      ...{ status: 400, json: { error_code: "INVALID_PARAMETER_VALUE" } },
    });
    expect((await put("none", "[]")).status).toBe(404);
  },
);

const DEEP = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;

test("text that the database cannot keep is kept nearly", async () => {
  const { dataset_id: id } = await create("odd", []);
  expect((await put(id, [{ inputs: { q: "a\0b", half: "\ud800" } }])).status).toBe(200);
  expect((await recordsOf(id)).list[0].inputs).toEqual({ q: "a\ufffdb", half: "\ufffd" });
  const twice = await put(id, [{ inputs: { q: "a\0" } }, { inputs: { q: "a\ufffd" } }]);
  expect(twice.json).toEqual({ inserted_count: 1, updated_count: 1 });
  const tags = (text: string) =>
    server.call(`patch ${DATASETS}/${id}/tags`, { tags: `{"half": ${text}}` });
  expect(JSON.parse((await tags('"\\ud800"')).json.dataset.tags)).toEqual({ half: "\ufffd" });
  expect((await tags(DEEP)).status).toBe(400);
  expect((await put(id, `[{"outputs":${DEEP}}]`)).status).toBe(400);
});

test("datasets are found by experiment, name and tags, page by page", async () => {
  const three = await server.experiment("three");
  for (const [name, team] of [
    ["s1", "ml"],
    ["s2", "data"],
    ["s3", "ml"],
  ])
    await create(name!, [three], { team });
  const search = async (more: object) => {
    const { json } = await server.call(`post ${DATASETS}/search`, {
      experiment_ids: [three],
      ...more,
    });
    return [(json.datasets ?? []).map(({ name }: { name: string }) => name), json.next_page_token];
  };
  expect(await search({ filter_string: "tags.team = 'ml'", order_by: ["name ASC"] })).toEqual([
    ["s1", "s3"],
    undefined,
  ]);
  const [first, token] = await search({ order_by: ["name DESC"], max_results: 2 });
  expect(first).toEqual(["s3", "s2"]);
  expect(await search({ order_by: ["name DESC"], page_token: token })).toEqual([["s1"], undefined]);
  expect(
    await search({ filter_string: "name LIKE 's%' AND created_time > 0 AND tags.team != 'ml'" }),
  ).toEqual([["s2"], undefined]);
  const { status } = await server.call(`post ${DATASETS}/search`, { filter_string: "color = 'x'" });
  expect(status).toBe(400);
});
