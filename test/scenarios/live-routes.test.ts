import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { journalRoot, shipRegularly } from "../../src/gateway/prediction-log.ts";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import type { Digest } from "../../src/lib/digest.ts";
import type { Signature } from "../../src/onnx/signature.ts";
import { changeRoute, type RouteWish } from "../../src/pipelines/change-route.ts";
import type { Platform, Stores } from "../../src/pipelines/platform.ts";
import { readArms } from "../../src/pipelines/read-arms.ts";
import { undoRoute } from "../../src/pipelines/undo-route.ts";
import type { ModelVersion } from "../../src/registry/model-version.ts";
import { registryStore } from "../../src/registry/store.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { LogQuery } from "../../src/serving/log/query.ts";
import { logStore } from "../../src/serving/log/store.ts";
import { readLog } from "../../src/serving/read-log.ts";
import type { ServedRoute } from "../../src/serving/route.ts";
import { servingStore } from "../../src/serving/store.ts";
import type { Blobs } from "../../src/storage/blobs/blobs.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import type { Columns } from "../../src/storage/columns/columns.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import type { Sql } from "../../src/storage/sql/sql.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { someVersion } from "../../src/testing/memory-stores.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { MAIL, mailModel } from "./tiny-models.ts";

let db: TestDatabase;
let blobs: Blobs;
let columns: Columns;
let runtime: Runtime;
let gateway: Gateway;
let dataDir = "";
const versions: ModelVersion[] = [];

const storesOn = (sql: Sql) =>
  ({
    ...{ registry: registryStore(sql), serving: servingStore(sql) },
    announce: async () => {},
  }) as unknown as Stores;
const platform = () =>
  ({
    ...storesOn(db.sql),
    transact: (body: (stores: Stores) => Promise<unknown>) =>
      db.sql.transact((tx) => body(storesOn(tx))),
    predictions: {
      read: (query: LogQuery) =>
        readLog(
          {
            ...{ columns, blobs, store: logStore(db.sql) },
            journals: journalsIn(journalRoot(dataDir)),
          },
          query,
        ),
    },
  }) as unknown as Pick<Platform, "transact" | "serving" | "registry" | "predictions">;

const open = (sql: Sql | undefined): Promise<Gateway> =>
  openGateway(
    { runtime, blobs, sql, log: quietLog(), version: "1" },
    { port: 0, dataDir, refreshMs: 50 },
  );

beforeAll(async () => {
  db = await testDatabase();
  dataDir = join(db.folder, "gateway");
  blobs = fileBlobs(join(db.folder, "blobs"));
  columns = await duckdbColumns({ scratch: join(db.folder, "scratch") });
  runtime = await onnxRuntime();
  const registry = registryStore(db.sql);
  for (const [k, letter] of ["a", "b", "c"].entries()) {
    const onnx = await blobs.put(mailModel(k));
    versions.push(await registry.add({ ...someVersion(letter, MAIL as Signature), onnx }));
  }
  await servingStore(db.sql).setRoute({
    ...{ model: "mail", champion: versions[0]!, shadow: undefined, reason: "first version" },
    fields: { key: "sender" },
  });
  gateway = await open(db.sql);
});
afterAll(async () => {
  await gateway?.close();
  await columns?.close();
  await db?.stop();
});

const change = (wish: RouteWish, model = "mail") =>
  changeRoute(platform(), { model, wish, by: "a test", reason: "a test", at: Date.now() });
const served = async (revision: number, model = "mail") => {
  await client(serving, { url: gateway.url }).refreshRoutes({ model, revision });
};
const ask = async (senders: readonly string[], model = "mail") => {
  const rows = senders.map((sender) => ({ amount: 1, sender }));
  return (await client(serving, { url: gateway.url }).predict({ model, rows })).predictions;
};
const SENDERS = Array.from({ length: 400 }, (_, i) => `sender ${i}`);

describe("routes in PostgreSQL", () => {
  test("come back as they were set", async () => {
    const store = servingStore(db.sql);
    const route = await change({
      split: { kind: "canary", version: "2", percent: 5, steps: [50, 100] },
    });
    expect(await store.route("mail")).toEqual(route);
    expect(await store.routeAt("mail", route!.revision)).toEqual(route);
    const bandit = await change({
      split: {
        kind: "bandit",
        arms: [{ version: "1" }, { version: "v1" }, { version: "3" }],
      },
    }).catch((error: Error) => error.message);
    expect(bandit).toContain("different versions");
    const weights = await change({
      split: {
        kind: "weights",
        arms: [
          { version: "1", weight: 2 },
          { version: "c".repeat(8), weight: 1 },
        ],
      },
    });
    expect(await store.route("mail")).toEqual(weights);
    const [last] = await store.routeHistory("mail", 1);
    expect(last).toEqual(expect.objectContaining({ by: "a test", reason: "a test" }));
    expect(last!.route).toEqual(weights);
    await change({ split: null });
    expect(await store.route("mail")).not.toHaveProperty("split");
  });

  test("two who change a route at once make two revisions, and one of them conflicts if it says what it saw", async () => {
    const { revision } = (await platform().serving.route("mail"))!;
    const both = await Promise.allSettled(
      [5, 6].map((percent) =>
        changeRoute(platform(), {
          ...{ model: "mail", by: "a test", reason: "a race", at: 1, ifRevision: revision },
          wish: { split: { kind: "canary", version: "2", percent } },
        }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await change({ split: null });
  });
});

describe("a split that is changed live", () => {
  test("drops no request and keeps whom it has", async () => {
    const at5 = (await change({ split: { kind: "canary", version: "2", percent: 5 } }))!;
    await served(at5.revision);
    const five = await ask(SENDERS);
    let stop = false;
    const callers = [0, 1].map(async () => {
      while (!stop)
        for (const p of await ask(SENDERS.slice(0, 20))) expect([1, 2]).toContain(p.version);
    });
    const at50 = (await change({ split: { kind: "canary", version: "2", percent: 50 } }))!;
    await served(at50.revision);
    const fifty = await ask(SENDERS);
    stop = true;
    await Promise.all(callers);
    five.forEach((p, i) => {
      if (p.version === 2) expect(fifty[i]!.version).toBe(2);
    });
    const share = fifty.filter((p) => p.version === 2).length / fifty.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.1);
    const back = (await undoRoute(platform(), {
      ...{ model: "mail", revision: at5.revision, reason: "oops", by: "a test", at: Date.now() },
    }))!;
    await served(back.revision);
    expect((await ask(SENDERS)).map((p) => p.version)).toEqual(five.map((p) => p.version));
  });

  test("a gateway cut off from control and database goes on with it, and ships its log later", async () => {
    const route = (await change({ split: { kind: "canary", version: "2", percent: 30 } }))!;
    await served(route.revision);
    const before = await ask(SENDERS);
    await gateway.close();
    gateway = await open(undefined);
    const after = await ask(SENDERS);
    expect(after.map((p) => p.version)).toEqual(before.map((p) => p.version));
    await gateway.close();
    const shipper = shipRegularly(
      { sql: db.sql, blobs, columns, log: quietLog() },
      { dataDir, everyMs: 3_600_000 },
    );
    await shipper.shipNow();
    await shipper.stop();
    gateway = await open(db.sql);
    const logs = await readArms(platform(), {
      ...{ route: route as ServedRoute, split: route.split!, asOf: undefined },
    });
    const ids = new Set(after.map((p) => p.id));
    const own = logs.map(({ asked }) => asked.filter(({ prediction }) => ids.has(prediction.id)));
    expect(own.map((asked) => asked.length)).toEqual([
      ...[1, 2].map((version) => after.filter((p) => p.version === version).length),
    ]);
  });
});

test("ten thousand members of a family are ten thousand rows: answered by the one above them", async () => {
  const fields = {};
  const member = (i: number) => ({
    ...{ model: `shop_${i}`, champion: undefined, shadow: undefined, fields },
    ...{ fallback: ["mail"], reason: "a family" },
  });
  await servingStore(db.sql).setRoutes(Array.from({ length: 10_000 }, (_, i) => member(i)));
  await served(1, "shop_9999");
  for (const model of ["shop_0", "shop_5000", "shop_9999"])
    expect((await ask(["x"], model))[0]).toMatchObject({
      ...{ variant: "fallback", answeredBy: "mail", level: 1 },
      versionId: versions[0]!.id satisfies Digest,
    });
});
