import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventLog } from "../../engine/events.ts";
import { postOutside } from "../../http/post-outside.ts";
import type { Digest } from "../../lib/digest.ts";
import { someVersion } from "../../testing/memory-stores.ts";
import { type RegistryServer, registryServer } from "../../testing/registry-server.ts";
import { registryStore } from "../store.ts";
import { deliver, type UnderWay } from "./deliver.ts";
import { sendDelivery } from "./send-delivery.ts";
import { webhookStore } from "./store.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every event
  readonly body: any;
}

let server: RegistryServer;
let receiver: Server;
let hook: string;
let received: Received[] = [];
/** What is sent to `/slow` is answered after this. */
let held: Promise<unknown> = Promise.resolve();
/** Statuses to answer with, one after the other; then 200. */
let answers: { readonly status: number; readonly headers?: Record<string, string> }[] = [];

beforeAll(async () => {
  server = await registryServer();
  receiver = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { url: path = "", headers } = request;
    received.push({ path, headers, text, body: JSON.parse(text) });
    if (path.startsWith("/slow")) await held;
    const { status, headers: own } = answers.shift() ?? { status: 200 };
    response.writeHead(status, own).end("thanks");
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
afterAll(async () => {
  receiver.close();
  await server.stop();
});
beforeEach(async () => {
  received = [];
  answers = [];
  await server.db.sql.query("delete from millwright.webhook");
});

const call = (method: string, path: string, fields?: object) => server.call(method, path, fields);
const subscribe = async (events: readonly string[], more: object = {}): Promise<string> => {
  const pairs = events.map((event) => {
    const [entity, action] = event.split(".");
    return { entity, action };
  });
  const { body } = await call("POST", "webhooks", {
    ...{ name: "hook", url: `${hook}/here`, events: pairs, ...more },
  });
  return body.webhook.webhook_id;
};
const deliveries = async (id: string) =>
  (await call("GET", `webhooks/${id}/deliveries`)).body.deliveries ?? [];

/** Delivers until `done` is true; ten seconds at most. */
async function deliverUntil(done: () => boolean | Promise<boolean>): Promise<void> {
  const delivering = await server.deliver();
  const end = Date.now() + 10_000;
  while (!(await done()) && Date.now() < end) await new Promise((go) => setTimeout(go, 20));
  await delivering.stop();
  expect(await done()).toBe(true);
}

test("what happens to models, versions, aliases and tags is told, signed, once", async () => {
  const secret = "a shared secret";
  const id = await subscribe(
    [
      ...["REGISTERED_MODEL.CREATED", "MODEL_VERSION.CREATED", "MODEL_VERSION_TAG.SET"],
      ...[
        "MODEL_VERSION_TAG.DELETED",
        "MODEL_VERSION_ALIAS.CREATED",
        "MODEL_VERSION_ALIAS.DELETED",
      ],
    ],
    { secret },
  );
  const of = { name: "told", version: "1" };
  await call("POST", "registered-models/create", { name: "told", description: "why" });
  await call("POST", "model-versions/create", {
    ...{ name: "told", source: "s3://b/m", tags: [{ key: "k", value: "v" }] },
  });
  await call("POST", "model-versions/set-tag", { ...of, key: "a", value: "b" });
  await call("DELETE", "model-versions/delete-tag", { ...of, key: "a" });
  await call("POST", "registered-models/alias", { ...of, alias: "best" });
  await call("DELETE", "registered-models/alias", { name: "told", alias: "best" });
  await deliverUntil(async () => (await deliveries(id)).every(isDelivered));
  const told = received.map(({ body }) => [`${body.entity}.${body.action}`, body.data]);
  expect(Object.fromEntries(told)).toEqual({
    "registered_model.created": { name: "told", tags: {}, description: "why" },
    "model_version.created": {
      ...{ ...of, source: "s3://b/m", run_id: null, tags: { k: "v" }, description: null },
    },
    "model_version_tag.set": { ...of, key: "a", value: "b" },
    "model_version_tag.deleted": { ...of, key: "a" },
    "model_version_alias.created": { ...of, alias: "best" },
    "model_version_alias.deleted": { name: "told", alias: "best" },
  });
  expect(received).toHaveLength(6);
  for (const { headers, text, body } of received) {
    const [delivery, time] = [headers["x-mlflow-delivery-id"], headers["x-mlflow-timestamp"]];
    const mac = createHmac("sha256", secret).update(`${delivery}.${time}.${text}`).digest("base64");
    expect(headers["x-mlflow-signature"]).toBe(`v1,${mac}`);
    expect(new Date(body.timestamp).toISOString()).toBe(body.timestamp);
  }
});

const isDelivered = ({ state }: { state: string }) => state === "DELIVERED";

test("prompts have events of their own", async () => {
  const id = await subscribe([
    ...["PROMPT.CREATED", "PROMPT_VERSION.CREATED", "PROMPT_TAG.SET", "PROMPT_ALIAS.CREATED"],
    ...["MODEL_VERSION.CREATED", "REGISTERED_MODEL.CREATED", "MODEL_VERSION_ALIAS.CREATED"],
  ]);
  const tags = [
    { key: "mlflow.prompt.is_prompt", value: "true" },
    { key: "mlflow.prompt.text", value: "Hello" },
  ];
  await call("POST", "registered-models/create", { name: "p", tags: tags.slice(0, 1) });
  await call("POST", "model-versions/create", { name: "p", source: "dummy-source", tags });
  await call("POST", "registered-models/set-tag", { name: "p", key: "a", value: "b" });
  await call("POST", "registered-models/alias", { name: "p", alias: "x", version: 1 });
  await deliverUntil(async () => (await deliveries(id)).every(isDelivered));
  expect(received.map(({ body }) => `${body.entity}.${body.action}`).sort()).toEqual([
    ...["prompt.created", "prompt_alias.created", "prompt_tag.set", "prompt_version.created"],
  ]);
  const version = received.find(({ body }) => body.entity === "prompt_version");
  expect(version?.body.data).toEqual({
    ...{ name: "p", version: "1", template: "Hello", tags: {}, description: null },
  });
});

test("versions and champions of our own are told like a client's, and promotions besides", async () => {
  const id = await subscribe([
    ...["MODEL_VERSION.CREATED", "MODEL_VERSION_ALIAS.CREATED", "MODEL_VERSION.PROMOTED"],
    "INCIDENT.OPENED",
  ]);
  // What follows the event log begins with what happens after its first start.
  await deliverUntil(
    async () => (await server.db.sql.query("select 1 from millwright.event_consumer")).length > 0,
  );
  const registry = registryStore(server.db.sql);
  const version = `sha256:${"0a".repeat(32)}` as Digest;
  await registry.add({ ...someVersion("a"), id: version, model: "ours", createdAt: Date.now() });
  await registry.move({
    ...{ model: "ours", alias: "champion", version, previous: undefined, verdict: undefined },
    ...{ reason: "better", runId: undefined, at: Date.now() },
  });
  const { append } = eventLog(server.db.sql);
  const at = Date.now();
  const payload = { version, previous: null, reason: "better" };
  await append({ type: "model.promoted", subject: "ours", payload, at });
  const incident = { id: "incident_1", headline: "drift", cause: "x", words: "y" };
  await append({ type: "incident.opened", subject: "ours", payload: incident, at });
  await deliverUntil(async () => {
    const all = await deliveries(id);
    return all.length === 4 && all.every(isDelivered);
  });
  const told = received.map(({ body }) => [`${body.entity}.${body.action}`, body.data]);
  expect(Object.fromEntries(told)).toMatchObject({
    "model_version.created": { name: "ours", version: "1" },
    "model_version_alias.created": { name: "ours", version: "1", alias: "champion" },
    "model_version.promoted": { name: "ours", version: "1", previous: null, reason: "better" },
    "incident.opened": { model: "ours", incident: "incident_1", summary: "drift" },
  });
});

test("the end of a run is told once, and a new experiment", async () => {
  const id = await subscribe(["RUN.FINISHED", "RUN.FAILED", "EXPERIMENT.CREATED"]);
  const { body } = await call("POST", "experiments/create", { name: "told of" });
  const experiment = body.experiment_id;
  const ended = async (status: string) => {
    const made = await call("POST", "runs/create", {
      ...{ experiment_id: experiment, run_name: status, start_time: 1 },
    });
    const { run_id } = made.body.run.info;
    for (const end_time of [2, 3]) await call("POST", "runs/update", { run_id, status, end_time });
    return run_id;
  };
  const runs = [await ended("FINISHED"), await ended("KILLED"), await ended("RUNNING")];
  await deliverUntil(async () => (await deliveries(id)).every(isDelivered));
  const told = received.map(({ body }) => [`${body.entity}.${body.action}`, body.data]);
  expect(told).toHaveLength(3);
  expect(Object.fromEntries(told)).toMatchObject({
    "experiment.created": { experiment_id: experiment, name: "told of" },
    "run.finished": { run_id: runs[0], run_name: "FINISHED", status: "FINISHED", end_time: 2 },
    "run.failed": { run_id: runs[1], run_name: "KILLED", status: "KILLED" },
  });
  for (const { body } of received)
    expect(new Date(body.timestamp).toISOString()).toBe(body.timestamp);
});

test("nothing is told of what was rolled back", async () => {
  const id = await subscribe(["REGISTERED_MODEL.CREATED"]);
  await call("POST", "registered-models/create", { name: "twice" });
  expect((await call("POST", "registered-models/create", { name: "twice" })).status).toBe(400);
  expect(await deliveries(id)).toHaveLength(1);
});

test("a busy receiver is asked again under the same id, and after what it says", async () => {
  const id = await subscribe(["REGISTERED_MODEL.CREATED"]);
  answers = [{ status: 503 }, { status: 429, headers: { "retry-after": "0" } }];
  await call("POST", "registered-models/create", { name: "again" });
  await deliverUntil(async () => (await deliveries(id)).every(isDelivered));
  expect(received).toHaveLength(3);
  expect(new Set(received.map(({ headers }) => headers["x-mlflow-delivery-id"])).size).toBe(1);
  expect(await deliveries(id)).toMatchObject([
    { state: "DELIVERED", attempts: 3, response_status: 200 },
  ]);
});

/** What sending needs, without its timer. */
const sending = () => {
  const { sql, clock, log, chance, targets, seal } = server.parts;
  const webhooks = webhookStore(sql);
  return { webhooks, clock, log, chance, targets, unseal: seal.open, post: postOutside };
};

test("a receiver that hangs keeps no other waiting", async () => {
  const underWay: UnderWay = new Map();
  let answer = () => {};
  held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await subscribe(["REGISTERED_MODEL.CREATED"], { url: `${hook}/slow` });
  for (let i = 0; i < 5; i++) await call("POST", "registered-models/create", { name: `slow${i}` });
  expect(await deliver(sending(), underWay)).toBe(4);
  const id = await subscribe(["EXPERIMENT.CREATED"]);
  for (let i = 0; i < 5; i++) await call("POST", "experiments/create", { name: `quick${i}` });
  expect(await deliver(sending(), underWay)).toBe(4);
  await expect.poll(async () => (await deliveries(id)).filter(isDelivered)).toHaveLength(4);
  answer();
  await Promise.all([...underWay.values()].flatMap((set) => [...set]));
});

test("receivers that hang, however many, leave a place for each of the others", async () => {
  const underWay: UnderWay = new Map();
  let answer = () => {};
  held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  for (let i = 0; i < 5; i++)
    await subscribe(["REGISTERED_MODEL.CREATED"], { url: `${hook}/slow/${i}`, name: `slow${i}` });
  for (let i = 0; i < 4; i++)
    await call("POST", "registered-models/create", { name: `hanging${i}` });
  expect(await deliver(sending(), underWay)).toBe(16);
  const id = await subscribe(["EXPERIMENT.CREATED"]);
  for (let i = 0; i < 2; i++) await call("POST", "experiments/create", { name: `other${i}` });
  await expect
    .poll(async () => {
      await deliver(sending(), underWay);
      return (await deliveries(id)).filter(isDelivered).length;
    })
    .toBe(2);
  answer();
  await Promise.all([...underWay.values()].flatMap((set) => [...set]));
});

test("what kept a delivery from arriving is told in words, or by its code", async () => {
  const failed = async (error: Error) => {
    const post = () => Promise.reject(error);
    const one = { id: "1", url: hook, body: "{}", secret: undefined };
    return (await sendDelivery({ ...sending(), post }, one)).attempt;
  };
  const words = { error: "Not delivered: No answer within 30 s.", final: false };
  expect(await failed(new Error("No answer within 30 s."))).toEqual(words);
  const several = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
  expect(await failed(several)).toEqual({ error: "Not delivered: ECONNREFUSED", final: false });
});

test("a receiver that refuses is not asked again, and why is kept", async () => {
  const id = await subscribe(["REGISTERED_MODEL.CREATED"]);
  answers = [{ status: 302, headers: { location: "http://127.0.0.1/elsewhere" } }];
  await call("POST", "registered-models/create", { name: "refused" });
  await deliverUntil(async () => (await deliveries(id))[0]?.state === "GIVEN_UP");
  expect(received).toHaveLength(1);
  expect(await deliveries(id)).toMatchObject([
    { attempts: 1, response_status: 302, error_message: "The receiver answered 302." },
  ]);
});

test("what a process took and did not finish is sent by the next, under the same id", async () => {
  const id = await subscribe(["REGISTERED_MODEL.CREATED"]);
  await call("POST", "registered-models/create", { name: "died" });
  const webhooks = webhookStore(server.db.sql);
  const claim = { now: Date.now(), limit: 10, perWebhook: 4, underWay: new Map(), leaseMs: 500 };
  const [taken] = await webhooks.claim(claim);
  expect(await webhooks.claim(claim)).toEqual([]);
  await deliverUntil(async () => (await deliveries(id)).every(isDelivered));
  expect(received.map(({ headers }) => headers["x-mlflow-delivery-id"])).toEqual([taken?.id]);
});

test("a disabled webhook is told nothing, a deleted one is forgotten", async () => {
  const id = await subscribe(["REGISTERED_MODEL.CREATED"]);
  await call("POST", "registered-models/create", { name: "while active" });
  await call("PATCH", `webhooks/${id}`, { status: "DISABLED" });
  await call("POST", "registered-models/create", { name: "while disabled" });
  await deliverUntil(async () => (await deliveries(id))[0]?.state === "GIVEN_UP");
  expect(received).toEqual([]);
  expect(await deliveries(id)).toHaveLength(1);
  await call("DELETE", `webhooks/${id}`);
  expect(await call("GET", `webhooks/${id}`)).toMatchObject({
    status: 404,
    body: { message: `Webhook with ID ${id} not found.` },
  });
});

test("what happens while a webhook is deleted happens all the same", async () => {
  const id = await subscribe(["REGISTERED_MODEL.CREATED", "EXPERIMENT.CREATED"]);
  const { sql } = server.db;
  const happened = await sql.transact(async (tx) => {
    await tx.query("delete from millwright.webhook where id = $1", [id]);
    const calls = ["registered-models/create", "experiments/create"].map((path) =>
      call("POST", path, { name: "meanwhile" }),
    );
    await expect
      .poll(() => sql.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'"))
      .toHaveLength(2);
    return calls;
  });
  expect((await Promise.all(happened)).map(({ status }) => status)).toEqual([200, 200]);
});

test("a secret is never given back, nor readable in the database", async () => {
  const secret = "do not show this";
  const id = await subscribe(["MODEL_VERSION.CREATED"], { secret });
  const shown = [
    await call("GET", `webhooks/${id}`),
    await call("GET", "webhooks"),
    await call("PATCH", `webhooks/${id}`, { secret: `${secret} either` }),
  ];
  expect(JSON.stringify(shown)).not.toContain(secret);
  const [row] = await server.db.sql.query<{ secret: Buffer }>(
    "select secret from millwright.webhook",
  );
  expect(row?.secret.toString("latin1")).not.toContain(secret);
});

test("the test call sends an example at once and says what was answered", async () => {
  const id = await subscribe(["MODEL_VERSION_ALIAS.CREATED"]);
  const { body } = await call("POST", `webhooks/${id}/test`, {});
  expect(body.result).toEqual({ success: true, response_status: 200, response_body: "thanks" });
  expect(received[0]?.body).toMatchObject({ entity: "model_version_alias", action: "created" });
  const event = { entity: "PROMPT", action: "CREATED" };
  await call("POST", `webhooks/${id}/test`, { event });
  expect(received[1]?.body.entity).toBe("prompt");
  await call("PATCH", `webhooks/${id}`, { url: "http://127.0.0.1:9/" });
  const failed = await call("POST", `webhooks/${id}/test`, { event });
  expect(failed.body.result).toMatchObject({ success: false, error_message: /ECONNREFUSED/ });
});

test("pages of webhooks; those with events of our own alone only for who asks", async () => {
  const names = ["a", "b", "c"];
  for (const name of names) await subscribe(["MODEL_VERSION.CREATED"], { name });
  await subscribe(["RUN.FINISHED"], { name: "own" });
  const first = await call("GET", "webhooks", { max_results: 2 });
  const { next_page_token: page_token } = first.body;
  const second = await call("GET", "webhooks", { max_results: 2, page_token });
  const shown = [...first.body.webhooks, ...second.body.webhooks].map((w) => w.name);
  expect(shown).toEqual(names);
  expect(second.body.next_page_token).toBeUndefined();
  const all = await call("GET", "webhooks", { all: true });
  expect(all.body.webhooks.at(-1)).toMatchObject({
    ...{ name: "own", events: [], own_events: [{ entity: "RUN", action: "FINISHED" }] },
  });
  expect((await call("GET", "webhooks", { page_token: "x" })).status).toBe(400);
});

test("names, addresses and events that cannot be are refused in words", async () => {
  const events = [{ entity: "MODEL_VERSION", action: "CREATED" }];
  const base = { name: "hook", url: "https://example.com", events };
  for (const [change, words] of [
    [{ url: "  " }, /cannot be empty or just whitespace/],
    [{ url: "ftp://example.com" }, /Invalid webhook URL scheme/],
    [{ url: "http://[invalid" }, /Invalid webhook URL/],
    [{ url: "https://me:pass@example.com" }, /user name or password/],
    [{ name: "-x" }, /Webhook name '-x' is invalid/],
    [{ name: "x".repeat(64) }, /is invalid/],
    [{ events: [] }, /non-empty list/],
    [{ events: [{ entity: "PROMPT", action: "SET" }] }, /Invalid action 'set' for entity 'prompt'/],
    [{ events: [{ entity: "CAT", action: "SET" }] }, /events\[0\].entity/],
  ] as const) {
    const answer = await call("POST", "webhooks", { ...base, ...change });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toMatch(words);
  }
});
