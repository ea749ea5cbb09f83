import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOf } from "../../src/lib/digest.ts";
import { servingStore } from "../../src/serving/store.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { lineModel } from "./tiny-models.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const program = join(here, `../../node_modules/.cache/millwright/processes-${process.pid}.mjs`);
let db: TestDatabase;
let primary: ChildProcess;
let lines: Interface;
let url = "";
let deployed = 0;

beforeAll(async () => {
  db = await testDatabase();
  await build({
    entryPoints: [join(here, "process-gateway.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  await deploy();
  primary = spawn(process.execPath, [program, db.url, db.folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  lines = createInterface(primary.stdout!);
  [url] = (await once(lines, "line")) as [string];
  await call("/gateway/refresh", { model: "line", revision: 1 });
});
afterAll(async () => {
  primary?.kill("SIGKILL");
  await db?.stop();
  rmSync(program, { force: true });
});

/** The next version of the model; all give the same answer. */
async function deploy(): Promise<number> {
  const onnx = await fileBlobs(`${db.folder}/blobs`).put(lineModel());
  const number = ++deployed;
  const champion = { id: digestOf(`line ${number}`), number, onnx };
  const { revision } = await servingStore(db.sql).setRoute({
    ...{ model: "line", champion, shadow: undefined, fields: {}, reason: "test" },
  } as Parameters<ReturnType<typeof servingStore>["setRoute"]>[0]);
  return revision;
}

/** Over a connection of its own, so that the processes take turns. */
function call(path: string, body?: unknown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const method = text === undefined ? "GET" : "POST";
    const sent = request(url + path, { agent: false, method, headers }, (answer) => {
      let said = "";
      answer.on("data", (chunk) => {
        said += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: said }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(text);
  });
}

const predict = async (x: number) => {
  const { status, text } = await call("/models/line/predict", { rows: [{ x }] });
  if (status !== 200) throw new Error(text);
  const [row] = JSON.parse(text).predictions as [{ value: number; version: number }];
  expect(row.value).toBe(3 * x + 1);
  return row.version;
};

/** The sum over all labels. */
const metric = async (name: string): Promise<number> =>
  [
    ...(await call("/metrics")).text.matchAll(
      new RegExp(`^millwright_${name}(?:{.*})? (\\S+)$`, "gm"),
    ),
  ]
    .map(([, value]) => Number(value))
    .reduce((a, b) => a + b, 0);

/** Calls until told to stop. Resolves to the errors. */
function load(callers: number): { stop(): Promise<string[]>; done(): number } {
  let going = true;
  let done = 0;
  const failed: string[] = [];
  const one = async (): Promise<void> => {
    while (going) {
      await predict(done).catch((error) => failed.push(String(error.message ?? error)));
      done++;
    }
  };
  const all = Array.from({ length: callers }, one);
  return {
    done: () => done,
    async stop() {
      going = false;
      await Promise.all(all);
      return failed;
    },
  };
}

const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
};

async function pids(): Promise<number[]> {
  const line = once(lines, "line");
  primary.kill("SIGUSR2");
  return JSON.parse(((await line) as [string])[0]);
}

test("two processes answer behind one port, and their metrics are one gateway's", async () => {
  expect(await metric("gateway_processes")).toBe(2);
  const before = await metric("predictions_total");
  for (let i = 0; i < 10; i++) await predict(i);
  expect(await metric("predictions_total")).toBe(before + 10);
  expect(await metric("models_routed")).toBe(1);
});

test("who waits for a revision is answered when every process serves it", async () => {
  for (let round = 0; round < 3; round++) {
    const revision = await deploy();
    const answer = await call("/gateway/refresh", { model: "line", revision });
    expect(answer.status).toBe(200);
    for (let i = 0; i < 6; i++) expect(await predict(i)).toBe(deployed);
  }
});

test("swaps under load: not one failed request", async () => {
  const calls = load(4);
  for (let swap = 0; swap < 8; swap++) {
    const revision = await deploy();
    expect((await call("/gateway/refresh", { model: "line", revision })).status).toBe(200);
    const seen = calls.done();
    await until(() => calls.done() > seen + 10);
  }
  expect(await calls.stop()).toEqual([]);
});

test("a process that is killed is started again; its sibling answers all the while", async () => {
  const [victim, survivor] = (await pids()) as [number, number];
  const calls = load(4);
  await until(() => calls.done() > 20);
  process.kill(victim, "SIGKILL");
  const atDeath = calls.done();
  await until(async () => (await metric("gateway_processes")) === 2 && calls.done() > atDeath + 20);
  const failed = await calls.stop();
  // Only what the dead one had accepted.
  expect(failed.length).toBeLessThanOrEqual(4);
  for (const why of failed) expect(why).toMatch(/ECONNRESET|socket hang up/);
  const now = await pids();
  expect(now).toContain(survivor);
  expect(now).not.toContain(victim);
});

test("all processes are replaced under load: not one failed request", async () => {
  const before = await pids();
  const calls = load(4);
  await until(() => calls.done() > 10);
  const replaced = once(lines, "line");
  primary.kill("SIGHUP");
  const after = JSON.parse(((await replaced) as [string])[0]) as number[];
  expect(await calls.stop()).toEqual([]);
  expect(after).toHaveLength(2);
  for (const pid of before) expect(after).not.toContain(pid);
});

test("asked to end, all end", async () => {
  const ended = once(primary, "exit");
  primary.kill("SIGTERM");
  expect((await ended)[0]).toBe(0);
});
