import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { journalRoot, shipRegularly } from "../../src/gateway/prediction-log.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { random } from "../../src/lib/random.ts";
import { logStore } from "../../src/serving/log/store.ts";
import { readLog } from "../../src/serving/read-log.ts";
import { servingStore } from "../../src/serving/store.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { lineModel } from "../scenarios/tiny-models.ts";

const ROUNDS = 12;
const CALLERS = 8;
const here = fileURLToPath(new URL(".", import.meta.url));
const program = join(here, `../../node_modules/.cache/millwright/gateway-${process.pid}.mjs`);
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
  await build({
    entryPoints: [join(here, "gateway-process.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
});
afterAll(async () => {
  await db?.stop();
  rmSync(program, { force: true });
});

/** What callers were told: prediction id → value, and the last label they reported. */
interface Told {
  readonly values: Map<string, number>;
  readonly labels: Map<string, number>;
  refused: number;
}

async function start(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [program, db.url, db.folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = (await once(createInterface(child.stdout!), "line")) as [string];
  return { child, url };
}

/** Predicts and reports labels until the process is gone. Only what was acknowledged is written down. */
async function caller(url: string, told: Told, name: number): Promise<void> {
  const api = client(serving, { url });
  for (let i = 0; ; i++) {
    try {
      const rows = Array.from({ length: 1 + (i % 5) }, (_, k) => ({ x: name * 1e6 + i * 10 + k }));
      const { predictions } = await api.predict({ model: "line", rows });
      for (const { id, value } of predictions) told.values.set(id, value!);
      const { id } = predictions[0]!;
      await api.giveFeedback({ model: "line", feedback: [{ id, label: i }] });
      told.labels.set(id, i);
    } catch (error) {
      if (error instanceof TypeError) return;
      // Where the machine has much else to do, callers are sent away for a moment.
      if ((error as { code?: string }).code !== "unavailable") told.refused++;
    }
  }
}

test("a gateway killed again and again under load, while it ships, keeps every acknowledged prediction and feedback exactly once", async () => {
  const store = servingStore(db.sql);
  const blobs = fileBlobs(join(db.folder, "blobs"));
  const champion = { id: digestOf("line"), number: 1, onnx: await blobs.put(lineModel()) };
  await store.setRoute({ model: "line", champion, shadow: undefined, fields: {}, reason: "test" });

  const told: Told = { values: new Map(), labels: new Map(), refused: 0 };
  const chance = random("kill");
  for (let round = 0; round < ROUNDS; round++) {
    const { child, url } = await start();
    await client(serving, { url }).refreshRoutes({ model: "line" });
    const callers = Array.from({ length: CALLERS }, (_, i) => caller(url, told, i));
    // At any moment after so many answers, however long they take here.
    const goal = told.values.size + 30 + chance.int(600);
    while (told.values.size < goal) await pause(1 + chance.int(10));
    child.kill("SIGKILL");
    await Promise.all([once(child, "exit"), ...callers]);
  }
  expect(told.labels.size).toBeGreaterThan(ROUNDS);
  expect(told.refused).toBe(0);

  const dataDir = join(db.folder, "gateway");
  const columns = await duckdbColumns({ scratch: join(db.folder, "scratch-of-test") });
  const deps = {
    journals: journalsIn(journalRoot(dataDir)),
    columns,
    blobs,
    store: logStore(db.sql),
  };
  const check = async () => {
    const log = await readLog(deps, { model: "line", from: 0, to: 1e15 });
    const found = new Map(log.map((record) => [record.id, record]));
    expect(found.size).toBe(log.length);
    const lost = [...told.values].filter(([id, value]) => found.get(id)?.output[0] !== value);
    expect(lost).toEqual([]);
    const unheard = [...told.labels].filter(([id, label]) => found.get(id)?.truth?.label !== label);
    expect(unheard).toEqual([]);
    return log.length;
  };
  const rows = await check();
  // What the dead left behind is shipped by another process, and is still the same.
  const shipper = shipRegularly(
    { sql: db.sql, blobs, columns, log: quietLog() },
    { dataDir, everyMs: 3_600_000 },
  );
  await shipper.shipNow();
  expect(await deps.journals.list()).toEqual([]);
  expect(await check()).toBe(rows);
  await shipper.stop();
  await columns.close();
});
