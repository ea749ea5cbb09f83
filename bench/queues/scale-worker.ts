/** A worker of the scale-out bench: `node scale-worker.mjs <database url> <places> <blob folder>`. */
import { setTimeout as sleep } from "node:timers/promises";
import { dbosEngine } from "../../src/engine/dbos.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

const [url = "", places = "8", folder = ""] = process.argv.slice(2);
const log = quietLog();
const sql = postgres(url, { log });
const blobs = fileBlobs(folder);

/** Of this much work a core of this machine does about 20 ms when it has nothing else to do. */
const spin = (): number => {
  let sum = 0;
  for (let i = 0; i < 9_000_000; i++) sum = (sum + Math.imul(i, 2_654_435_761)) | 0;
  return sum;
};
const WORK: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
  nothing: async (n) => n,
  sleep: async () => sleep(20),
  cpu: async () => spin(),
  blob: async (n) => blobs.put(new TextEncoder().encode(JSON.stringify({ n, at: Date.now() }))),
};

const engine = dbosEngine({ url, sql, log });
for (const [name, work] of Object.entries(WORK))
  engine.register({
    name,
    run: (steps, n: number) => steps.step("work", async () => ((await work(n)) ?? null) as number),
  });
engine.register({
  name: "all",
  async run(steps, { pipeline, tasks }: { pipeline: string; tasks: number }) {
    const inputs = Array.from({ length: tasks }, (_, n) => n);
    const outcomes = await steps.fanOut("all", pipeline, inputs);
    return outcomes.filter(({ ok }) => ok).length;
  },
});
engine.register({
  name: "steps",
  async run(steps, n: number) {
    for (let i = 0; i < n; i++) await steps.step(`s${i}`, async () => i);
    return n;
  },
});
await engine.start({ work: true, concurrency: Number(places) });
process.send?.("ready");
process.once("SIGTERM", async () => {
  await engine.stop();
  await sql.close();
  process.exit(0);
});
