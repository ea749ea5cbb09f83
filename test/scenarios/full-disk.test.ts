import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { eventLog } from "../../src/engine/events.ts";
import { journalRoot, shipRegularly } from "../../src/gateway/prediction-log.ts";
import { type Gateway, type GatewayOptions, openGateway } from "../../src/gateway.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { logStore } from "../../src/serving/log/store.ts";
import { readLog } from "../../src/serving/read-log.ts";
import { servingStore } from "../../src/serving/store.ts";
import type { Blobs } from "../../src/storage/blobs/blobs.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { lineModel } from "./tiny-models.ts";

let db: TestDatabase;
let blobs: Blobs;
const mounts: string[] = [];

/** A disk of 4 MiB that can really be full; undefined where nothing may be mounted. */
function smallDisk(name: string): string | undefined {
  const path = join(db.folder, name);
  mkdirSync(path);
  if (process.getuid?.() !== 0) return undefined;
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", path]).status === 0;
  if (mounted) mounts.push(path);
  return mounted ? path : undefined;
}

/** Leaves nothing but `left` bytes. */
function fill(disk: string, left = 0): void {
  const { bavail, bsize } = statfsSync(disk);
  const ballast = Buffer.alloc(Math.max(0, bavail * bsize - left));
  try {
    writeFileSync(join(disk, "ballast"), ballast, { flag: "a" });
  } catch {
    // The journal has reserved a part of it in the meantime: full it is.
  }
}
const empty = (disk: string): void => rmSync(join(disk, "ballast"));

beforeAll(async () => {
  db = await testDatabase();
  blobs = fileBlobs(join(db.folder, "blobs"));
  const champion = { id: digestOf("line"), number: 1, onnx: await blobs.put(lineModel()) };
  const route = { model: "line", champion, shadow: undefined, fields: {}, reason: "test" };
  await servingStore(db.sql).setRoute(route);
});
afterAll(async () => {
  for (const path of mounts) spawnSync("umount", ["-l", path]);
  await db?.stop();
});

async function open(dataDir: string, options: Partial<GatewayOptions> = {}) {
  const log = quietLog();
  const gateway = await openGateway(
    { runtime: await onnxRuntime(), blobs, sql: db.sql, log, version: "1" },
    { port: 0, dataDir, journal: { retryFullMs: 0 }, ...options },
  );
  await client(serving, { url: gateway.url }).refreshRoutes({ model: "line" });
  return { gateway, log };
}

const ask = (gateway: Gateway, rows = 1) =>
  client(serving, { url: gateway.url }).predict({
    model: "line",
    rows: Array.from({ length: rows }, (_, x) => ({ x })),
  });

/** Asks until the gateway has noticed: it looks at its disk now and then. */
async function until<T>(body: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await body();
    if (wanted(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function logOf(dataDir: string, columnsIn = join(db.folder, "scratch")) {
  const columns = await duckdbColumns({ scratch: columnsIn });
  const journals = journalsIn(journalRoot(dataDir));
  const found = await readLog(
    { journals, columns, blobs, store: logStore(db.sql) },
    { model: "line", from: 0, to: 1e15 },
  );
  await columns.close();
  return new Set(found.map(({ id }) => id));
}

describe("a disk that is really full", () => {
  test("refuse: 507 and nothing is answered; what was acknowledged is there; with space again it goes on", async (context) => {
    const disk = smallDisk("refuse");
    if (disk === undefined) return context.skip();
    const { gateway } = await open(disk);
    const told: string[] = [];
    const predict = async (rows: number): Promise<void> => {
      for (const { id } of (await ask(gateway, rows)).predictions) told.push(id);
    };
    await predict(5);
    fill(disk);
    // What is reserved may still be written; then it is over.
    const refusal = await until(
      () =>
        predict(500).then(
          () => undefined,
          (error: unknown) => error,
        ),
      (error) => error !== undefined,
    );
    expect(refusal).toMatchObject({ code: "storage_full", problem: { status: 507 } });
    const feedback = client(serving, { url: gateway.url }).giveFeedback({
      model: "line",
      feedback: Array.from({ length: 4000 }, () => ({ id: told[0]!, label: 1 })),
    });
    await expect(feedback).rejects.toMatchObject({ code: "storage_full" });
    empty(disk);
    // It may have seen the full disk, and sees the empty one when it looks again.
    await until(
      () =>
        predict(7).then(
          () => true,
          () => false,
        ),
      (went) => went,
    );
    await gateway.close();
    expect(await logOf(disk)).toEqual(new Set(told));
  });

  test("serve-unlogged: answers, says so in every place, refuses feedback, and recovers by itself", async (context) => {
    const disk = smallDisk("serve");
    if (disk === undefined) return context.skip();
    // Between two failures no time passes, however slow the machine: the log does not recover in between.
    let now = 0;
    const { gateway, log } = await open(disk, {
      logSpace: { whenFull: "serve-unlogged", lookEveryMs: 100, clock: { now: () => now } },
    });
    const told: string[] = [];
    const predict = async (rows: number) => {
      const answer = await ask(gateway, rows);
      if (answer.logged !== false) for (const { id } of answer.predictions) told.push(id);
      return answer;
    };
    expect((await predict(3)).logged).toBeUndefined();
    fill(disk);
    const unlogged = await until(
      () => predict(500),
      (answer) => answer.logged === false,
    );
    expect(unlogged.predictions).toHaveLength(500);
    const post = async (path: string, body: object) =>
      (
        await fetch(gateway.url + path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        })
      ).json() as Promise<{ logged?: boolean; parameters: { logged?: boolean } }>;
    const tensor = { name: "x", datatype: "FP32", shape: [500], data: Array(500).fill(1) };
    // What is left takes this or that small batch.
    await until(
      () => post("/v2/models/line/infer", { inputs: [tensor] }),
      (body) => body.parameters.logged === false,
    );
    const instances = Array.from({ length: 500 }, () => [1]);
    await until(
      () => post("/invocations", { instances }),
      (body) => body.logged === false,
    );
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(
      Number(/millwright_unlogged_predictions_total (\d+)/.exec(metrics)?.[1]),
    ).toBeGreaterThan(1499);
    expect(metrics).toContain("millwright_log_full 1");
    expect(log.lines.filter((line) => line.includes("answered and not kept"))).toHaveLength(1);
    const { id } = unlogged.predictions[0]!;
    await expect(
      client(serving, { url: gateway.url }).giveFeedback({
        model: "line",
        feedback: Array.from({ length: 4000 }, () => ({ id, label: 1 })),
      }),
    ).rejects.toMatchObject({ code: "storage_full" });
    empty(disk);
    await until(
      () => predict(4),
      ({ logged }) => logged === undefined,
    );
    now += 100;
    const events = () => eventLog(db.sql).read({ types: ["log.full", "log.recovered"] });
    const last = await until(
      async () => (await events()).at(-1),
      (event) => event?.type === "log.recovered",
    );
    expect((last!.payload as { unlogged: number }).unlogged).toBeGreaterThan(1499);
    expect(log.lines).toContain("the prediction log has space again");
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain("millwright_log_full 0");
    await gateway.close();
    expect(await logOf(disk)).toEqual(new Set(told));
  });

  test("is said to be low before, and full while something is left for others", async (context) => {
    const disk = smallDisk("low");
    if (disk === undefined) return context.skip();
    const { gateway, log } = await open(disk, {
      logSpace: { lookEveryMs: 10, limits: { keepFree: 400_000 } },
    });
    const answered = () =>
      ask(gateway).then(
        () => true,
        () => false,
      );
    expect(await answered()).toBe(true);
    fill(disk, 1_000_000);
    await until(
      async () => log.lines,
      (lines) => lines.includes("the prediction log's disk gets full"),
    );
    expect(await answered()).toBe(true);
    fill(disk, 200_000);
    await until(answered, (went) => !went);
    empty(disk);
    await until(answered, (went) => went);
    await gateway.close();
  });

  test("where the blobs lie: the journal stays, and is shipped when there is space", async (context) => {
    const disk = smallDisk("small");
    if (disk === undefined) return context.skip();
    const dataDir = join(db.folder, "shipping");
    const { gateway } = await open(dataDir);
    const told = (await ask(gateway, 2000)).predictions.map(({ id }) => id);
    await gateway.close();
    fill(disk);
    const columns = await duckdbColumns({ scratch: join(db.folder, "scratch2") });
    const shipper = shipRegularly(
      { sql: db.sql, blobs: fileBlobs(join(disk, "blobs")), columns, log: quietLog() },
      { dataDir, everyMs: 3_600_000 },
    );
    await expect(shipper.shipNow()).rejects.toMatchObject({ code: "storage_full" });
    expect(await logOf(dataDir)).toEqual(new Set(told));
    empty(disk);
    blobs = fileBlobs(join(disk, "blobs"));
    expect(await shipper.shipNow()).toMatchObject({ segments: 1, predictions: 2000 });
    await shipper.stop();
    await columns.close();
    expect(await logOf(dataDir)).toEqual(new Set(told));
  });
});
