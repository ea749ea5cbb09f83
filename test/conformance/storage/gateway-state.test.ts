/** Gateways that share what is hot through Redis: a new one on an empty machine, and one whose Redis is away. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, openGateway } from "../../../src/gateway.ts";
import type { Signature } from "../../../src/onnx/signature.ts";
import { registryStore } from "../../../src/registry/store.ts";
import { onnxRuntime } from "../../../src/runtime/onnxruntime.ts";
import { servingStore } from "../../../src/serving/store.ts";
import type { Blobs } from "../../../src/storage/blobs/blobs.ts";
import { fileBlobs } from "../../../src/storage/blobs/files.ts";
import { openState } from "../../../src/storage/state/all.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { someVersion } from "../../../src/testing/memory-stores.ts";
import { quietLog } from "../../../src/testing/quiet-log.ts";
import { type RedisServer, startRedis } from "../../../src/testing/redis-server.ts";
import { MAIL, mailModel } from "../../scenarios/tiny-models.ts";

/** More than the 500 that a gateway loads by itself when it first sees their routes; `hot` is the last. */
const MODELS = 600;
let server: RedisServer;
let db: TestDatabase;
let blobs: Blobs;

beforeAll(async () => {
  server = await startRedis();
  db = await testDatabase();
  blobs = fileBlobs(join(db.folder, "blobs"));
  const registry = registryStore(db.sql);
  const [cold, hot] = [
    await registry.add({
      ...someVersion("a", MAIL as Signature),
      onnx: await blobs.put(mailModel(0)),
    }),
    await registry.add({
      ...someVersion("b", MAIL as Signature),
      onnx: await blobs.put(mailModel(1)),
    }),
  ];
  const route = (model: string, champion: typeof hot) => ({
    ...{ model, champion, shadow: undefined, reason: "a test", fields: {} },
  });
  await servingStore(db.sql).setRoutes([
    ...Array.from({ length: MODELS }, (_, i) => route(`m${i}`, cold)),
    route("hot", hot),
  ]);
});
afterAll(async () => {
  await db?.stop();
  await server?.stop();
});

async function open(name: string, timeoutMs = 10_000) {
  const log = quietLog();
  const url = `redis://127.0.0.1:${server.port}?timeout=${timeoutMs}`;
  const state = openState(url, { base: db.folder, now: Date.now });
  const gateway = await openGateway(
    { runtime: await onnxRuntime(), blobs, sql: db.sql, state, log, version: "1" },
    { port: 0, dataDir: join(db.folder, name), refreshMs: 50 },
  );
  return { gateway, log, close: () => gateway.close().then(() => state.close()) };
}

const metric = async ({ url }: Gateway, name: string): Promise<string | undefined> =>
  new RegExp(`^millwright_${name} (.*)$`, "m").exec(
    await (await fetch(`${url}/metrics`)).text(),
  )?.[1];
const ask = ({ url }: Gateway) =>
  fetch(`${url}/models/hot/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ rows: [{ amount: 1 }] }),
  });

test("a new machine's gateway has the models that are hot elsewhere before anybody asks", async () => {
  const first = await open("first");
  await expect.poll(() => metric(first.gateway, "models_routed")).toBe(String(MODELS + 1));
  expect(await metric(first.gateway, "models_loaded")).toBe("1");
  expect((await ask(first.gateway)).status).toBe(200);
  expect(await metric(first.gateway, "state_away")).toBe("0");
  await first.close();

  const second = await open("second");
  await expect.poll(() => metric(second.gateway, "models_loaded")).toBe("2");
  const before = await metric(second.gateway, "model_misses_total");
  expect((await ask(second.gateway)).status).toBe(200);
  expect(await metric(second.gateway, "model_misses_total")).toBe(before);
  await second.close();
});

test("without Redis a gateway starts and answers, and says once that it goes on alone", async () => {
  await server.kill();
  const third = await open("third", 300);
  await expect.poll(() => metric(third.gateway, "models_routed")).toBe(String(MODELS + 1));
  expect((await ask(third.gateway)).status).toBe(200);
  await expect.poll(() => metric(third.gateway, "state_away")).toBe("1");
  await third.close();
  expect(third.log.lines.filter((line) => line.includes("shared state"))).toHaveLength(1);
});
