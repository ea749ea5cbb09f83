/**
 * A worker for the chaos test: `node chaos-worker.mjs <folder> <places>`. A task has three effects, each in a step of its own: a blob, a
 * row under a unique key, and every tenth a version in the registry. Beside the row every begin of a step leaves a line in `chaos_begin`.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dbosEngine } from "../../src/engine/dbos.ts";
import type { Digest } from "../../src/lib/digest.ts";
import { register } from "../../src/registry/register.ts";
import { registryStore } from "../../src/registry/store.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { keepPostgres } from "../../src/storage/sql/keep-postgres.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { someVersion } from "../../src/testing/memory-stores.ts";

const [folder = "", places = "8"] = process.argv.slice(2);
const say = (level: string) => (message: string, fields?: object) =>
  appendFileSync(
    join(folder, "worker.log"),
    `${new Date().toISOString()} ${process.pid} ${level} ${message} ${JSON.stringify(fields ?? {})}\n`,
  );
const log = { debug: () => {}, info: say("info"), warn: say("warn"), error: say("error") };
process.on("uncaughtException", (error) => {
  say("error")(`uncaught: ${error.stack}`);
  process.exit(9);
});

const server = await keepPostgres({ dataDir: join(folder, "database"), log });
const sql = postgres(server.url, { log });
const blobs = fileBlobs(join(folder, "blobs"));
const registry = registryStore(sql);
const engine = dbosEngine({ url: server.url, sql, log });

engine.register({
  name: "task",
  async run(steps, { n, ms }: { n: number; ms: number }) {
    const begin = (step: string) =>
      sql.query("insert into chaos_begin (task, step, pid) values ($1, $2, $3)", [
        ...[n, step, process.pid],
      ]);
    const blob = await steps.step("blob", async () => {
      await begin("blob");
      await sleep(ms);
      // Nobody hears of this one: what a step leaves whose process dies before it tells.
      await blobs.put(new TextEncoder().encode(`draft ${n} of ${process.pid} at ${Date.now()}`));
      return blobs.put(new TextEncoder().encode(JSON.stringify({ task: n })));
    });
    await steps.step("row", async () => {
      await begin("row");
      await sql.query(
        "insert into chaos_effect (task, blob) values ($1, $2) on conflict do nothing",
        [...[n, blob]],
      );
    });
    if (n % 10 === 0)
      await steps.step("version", async () => {
        const { id: _, createdAt: __, ...version } = someVersion("a");
        const clock = { now: () => Date.now() };
        const kept = { ...version, model: `m${n % 50}`, params: { n }, onnx: blob as Digest };
        await register({ registry, clock }, { ...kept, runId: steps.runId });
      });
    return { n, blob };
  },
});
engine.register({
  name: "all tasks",
  async run(steps, { tasks, ms }: { tasks: number; ms: number }) {
    const inputs = Array.from({ length: tasks }, (_, n) => ({ n, ms }));
    const outcomes = await steps.fanOut<{ n: number }>("tasks", "task", inputs, { queue: "tasks" });
    return {
      inOrder: outcomes.every((outcome, n) => outcome.ok && outcome.value.n === n),
      failed: outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.message])),
    };
  },
});
await engine.start({ work: true, concurrency: Number(places) });
process.send?.("ready");
process.on("message", async (message) => {
  if (message !== "stop") return;
  await engine.stop({ drainMs: 5000 });
  await sql.close();
  await server.release();
  process.disconnect();
});
