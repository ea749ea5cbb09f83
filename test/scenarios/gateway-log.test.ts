import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { journalRoot, type Shipper, shipRegularly } from "../../src/gateway/prediction-log.ts";
import { type Gateway, type GatewayOptions, openGateway } from "../../src/gateway.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { logStore } from "../../src/serving/log/store.ts";
import { inputTable, type LogQuery, readLog } from "../../src/serving/read-log.ts";
import type { RoutedVersion } from "../../src/serving/route.ts";
import { type ServingStore, servingStore } from "../../src/serving/store.ts";
import type { Blobs } from "../../src/storage/blobs/blobs.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import type { Columns } from "../../src/storage/columns/columns.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import type { Sql } from "../../src/storage/sql/sql.ts";
import type { NumberColumn } from "../../src/table/table.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { lineModel, MAIL, mailModel, mailProbability } from "./tiny-models.ts";

let db: TestDatabase;
let store: ServingStore;
let blobs: Blobs;
let runtime: Runtime;
let columns: Columns;
let shipper: Shipper;
let gateway: Gateway;
let dataDir = "";
const versions: RoutedVersion[] = [];

async function open(sql: Sql | undefined, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  return openGateway(
    { runtime, blobs, sql, log: quietLog(), version: "1" },
    { port: 0, dataDir, refreshMs: 50, ...options },
  );
}

beforeAll(async () => {
  db = await testDatabase();
  dataDir = join(db.folder, "gateway");
  store = servingStore(db.sql);
  blobs = fileBlobs(join(db.folder, "blobs"));
  runtime = await onnxRuntime();
  columns = await duckdbColumns({ scratch: join(db.folder, "scratch") });
  for (const bias of [0, 1, 2])
    versions.push({
      id: digestOf(`mail ${bias}`),
      number: bias + 1,
      onnx: await blobs.put(mailModel(bias)),
    });
  shipper = shipRegularly(
    { sql: db.sql, blobs, columns, log: quietLog() },
    { dataDir, everyMs: 3_600_000 },
  );
  gateway = await open(db.sql);
});
afterAll(async () => {
  await gateway?.close();
  await shipper?.stop();
  await columns?.close();
  await db?.stop();
});

const api = (to = gateway) => client(serving, { url: to.url });
const read = (query: Partial<LogQuery> = {}) =>
  readLog(
    { journals: journalsIn(journalRoot(dataDir)), columns, blobs, store: logStore(db.sql) },
    { model: "mail", from: 0, to: 1e15, ...query },
  );

describe("routes", () => {
  test("a route set in the database answers within a refresh; a promotion drops no request", async () => {
    await expect(api().predict({ model: "mail", rows: [{ amount: 1 }] })).rejects.toMatchObject({
      code: "not_found",
    });
    const first = await store.setRoute({
      model: "mail",
      champion: versions[0]!,
      shadow: undefined,
      fields: { key: "message_id", time: "received_at" },
      reason: "first version",
    });
    await api().refreshRoutes({ model: "mail", revision: first.revision });

    const seen = new Set<number>();
    let stop = false;
    const caller = async () => {
      while (!stop) {
        const { predictions } = await api().predict({ model: "mail", rows: [{ amount: 5 }] });
        const { version, probability } = predictions[0]!;
        seen.add(version);
        expect(probability).toBeCloseTo(mailProbability(version - 1, { amount: 5 }), 5);
      }
    };
    const callers = [caller(), caller(), caller()];
    while (seen.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const champion of [versions[1]!, versions[2]!, versions[0]!]) {
      const { revision } = await store.setRoute({
        model: "mail",
        champion,
        shadow: undefined,
        fields: { key: "message_id", time: "received_at" },
        reason: `promote ${champion.number}`,
      });
      const { models } = await api().refreshRoutes({ model: "mail", revision });
      expect(models[0]).toMatchObject({ revision, champion: { number: champion.number } });
    }
    stop = true;
    await Promise.all(callers);
    expect(seen.has(1)).toBe(true);
    const history = await store.routeHistory("mail");
    expect(history.map((h) => [h.revision, h.reason])).toEqual([
      [4, "promote 1"],
      [3, "promote 3"],
      [2, "promote 2"],
      [1, "first version"],
    ]);
  });

  test("a version that cannot be loaded does not replace one that works", async () => {
    const broken = { id: digestOf("broken"), number: 9, onnx: await blobs.put(Buffer.from("no")) };
    const { fields, shadow } = (await store.route("mail"))!;
    await store.setRoute({ model: "mail", champion: broken, shadow, fields, reason: "bad" });
    await expect(
      api().refreshRoutes({ model: "mail", revision: 5, timeoutMs: 300 }),
    ).rejects.toMatchObject({ code: "timeout" });
    const { predictions } = await api().predict({ model: "mail", rows: [{ amount: 1 }] });
    expect(predictions[0]!.version).toBe(1);
    await store.setRoute({
      model: "mail",
      champion: versions[0]!,
      shadow: undefined,
      fields,
      reason: "back",
    });
    await api().refreshRoutes({ model: "mail", revision: 6 });
  });

  test("two writers at once make two revisions", async () => {
    const { fields } = (await store.route("mail"))!;
    const request = { model: "mail", champion: versions[0]!, shadow: undefined, fields };
    const made = await Promise.all([
      store.setRoute({ ...request, reason: "a" }),
      store.setRoute({ ...request, reason: "b" }),
    ]);
    expect(made.map((route) => route.revision).sort()).toEqual([7, 8]);
  });

  test("a gateway that finds no database serves its snapshot; one without either says it is not ready", async () => {
    const dead: Sql = {
      query: () => Promise.reject(new Error("connection refused")),
      transact: () => Promise.reject(new Error("connection refused")),
      close: async () => {},
    };
    const alone = await open(dead);
    const { predictions } = await api(alone).predict({ model: "mail", rows: [{ amount: 1 }] });
    expect(predictions[0]!.version).toBe(1);
    await alone.close();
    const empty = await open(dead, { dataDir: join(db.folder, "empty") });
    expect((await fetch(`${empty.url}/v2/health/ready`)).status).toBe(503);
    expect((await fetch(`${empty.url}/v2/health/live`)).status).toBe(200);
    await empty.close();
  });

  test("another database behind the same gateway: its routes count, not the snapshot's", async () => {
    const snapshotOf = join(db.folder, "moved", "routes.json");
    mkdirSync(dirname(snapshotOf), { recursive: true });
    const stale = { ...(await store.route("mail"))!, revision: 99 };
    const routes = [stale, { ...stale, model: "forgotten" }];
    writeFileSync(snapshotOf, JSON.stringify({ change: 1e6, routes }));
    const moved = await open(db.sql, { dataDir: dirname(snapshotOf) });
    const { models } = await api(moved).refreshRoutes({});
    expect(models.map((route) => [route.model, route.revision])).toEqual([["mail", 8]]);
    await moved.close();
  });

  test("a removed route is not served any more", async () => {
    const line = { id: digestOf("line"), number: 1, onnx: await blobs.put(lineModel()) };
    await store.setRoute({
      model: "gone",
      champion: line,
      shadow: undefined,
      fields: {},
      reason: "x",
    });
    await api().refreshRoutes({ model: "gone" });
    await store.removeRoute("gone", "no longer used");
    await api().refreshRoutes({});
    await expect(api().predict({ model: "gone", rows: [{ x: 1 }] })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("the log", () => {
  const day = (n: number) => new Date(Date.UTC(2002, 7, n)).toISOString();
  const window = { from: Date.UTC(2002, 7, 1), to: Date.UTC(2002, 7, 31) };

  test("is the same before, while and after it is shipped: nothing lost, nothing twice", async () => {
    const { fields } = (await store.route("mail"))!;
    const { revision } = await store.setRoute({
      model: "mail",
      champion: versions[0]!,
      shadow: versions[1]!,
      fields,
      reason: "shadow",
    });
    await api().refreshRoutes({ model: "mail", revision });
    const rows = Array.from({ length: 20 }, (_, i) => ({
      amount: i,
      subject: i % 2 ? "invoice" : "hello",
      received_at: day(20 - i),
      message_id: `m${i}`,
    }));
    const { predictions } = await api().predict({ model: "mail", rows });
    await api().giveFeedback({
      model: "mail",
      feedback: predictions.slice(0, 10).map(({ id }, i) => ({
        id,
        label: i % 2 === 1 ? "yes" : "no",
        at: day(25),
      })),
    });
    // Learnt later, said earlier: the later one by `at` counts.
    await api().giveFeedback({
      model: "mail",
      feedback: [
        { id: predictions[0]!.id, label: "yes", at: day(26) },
        { id: predictions[1]!.id, label: "no", at: day(24) },
      ],
    });
    while ((await read({ ...window, variant: "shadow" })).length < 20);

    const unshipped = await read(window);
    expect(unshipped.map((p) => p.key)).toEqual(rows.map((_, i) => `m${19 - i}`));
    expect(unshipped.map((p) => p.inputs)).toEqual([...rows].reverse());
    expect(unshipped.at(-1)).toMatchObject({
      truth: { label: "yes" },
      label: "no",
      output: [expect.any(Number)],
    });
    expect(unshipped.at(-2)).toMatchObject({ truth: { label: "yes" } });
    expect(unshipped.filter((p) => p.truth !== undefined)).toHaveLength(10);
    expect(await read({ ...window, withFeedback: true })).toHaveLength(10);
    expect(await read({ ...window, to: Date.UTC(2002, 7, 6) })).toHaveLength(5);

    await gateway.close();
    const reading = read(window);
    const shipped = await shipper.shipNow();
    expect(shipped).toMatchObject({ feedback: 10 });
    expect(await reading).toEqual(unshipped);
    expect(await read(window)).toEqual(unshipped);
    expect(await shipper.shipNow()).toEqual({ segments: 0, predictions: 0, feedback: 0 });
    const shadow = await read({ ...window, variant: "shadow", version: versions[1]!.id });
    expect(shadow.map((p) => p.id)).toEqual(unshipped.map((p) => p.id));
    expect(await read({ ...window, version: versions[1]!.id })).toEqual([]);
    expect(await journalsIn(journalRoot(dataDir)).list()).toEqual([]);

    // Feedback for shipped predictions, still in a journal.
    gateway = await open(db.sql);
    await api().refreshRoutes({ model: "mail", revision });
    await api().giveFeedback({
      model: "mail",
      feedback: [{ id: predictions[19]!.id, label: "no" }],
    });
    expect((await read(window))[0]!.truth!.label).toBe("no");
    const table = inputTable(unshipped, MAIL.columns);
    expect([...(table.columns.get("amount") as NumberColumn).values].slice(0, 3)).toEqual([
      19, 18, 17,
    ]);
  });

  test("two shippers at once, and one that died before deleting, count every segment once", async () => {
    const before = (await read()).length;
    await api().predict({ model: "mail", rows: [{ amount: 1 }, { amount: 2 }] });
    await gateway.close();
    const other = shipRegularly(
      { sql: db.sql, blobs, columns, log: quietLog() },
      { dataDir, everyMs: 3_600_000 },
    );
    await Promise.all([shipper.shipNow(), other.shipNow()]);
    await other.stop();
    const after = await read();
    expect(after).toHaveLength(before + 2);
    expect(new Set(after.map((p) => p.id)).size).toBe(after.length);
    gateway = await open(db.sql);
  });
});
