/**
 * A worker process for the crash tests: `node engine-worker.mjs <folder>`. Owns PostgreSQL in `<folder>/database` (starts, adopts,
 * restarts it) and executes runs. Steps write what they do to the file named in the run's input, one line each, at once.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dbosEngine } from "../../src/engine/dbos.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { keepPostgres } from "../../src/storage/sql/keep-postgres.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";

const folder = process.argv[2] ?? "";
const say = (level: string) => (message: string, fields?: object) =>
  appendFileSync(
    join(folder, "worker.log"),
    `${process.pid} ${level} ${message} ${JSON.stringify(fields ?? {})}\n`,
  );
const append = (file: string, line: string): null => {
  appendFileSync(file, `${line}\n`);
  return null;
};
const log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };

const server = await keepPostgres({ dataDir: join(folder, "database"), log });
const sql = postgres(server.url, { log });
await migrate(sql, { log });
const engine = dbosEngine({ url: server.url, sql, log });

engine.register({
  name: "six steps",
  async run(steps, input: { file: string; ms: number }) {
    for (let i = 0; i < 6; i++)
      await steps.step(`s${i}`, async () => {
        append(input.file, `begin ${steps.runId} s${i}`);
        await sleep(input.ms);
        append(input.file, `end ${steps.runId} s${i}`);
        return i;
      });
    return "six";
  },
});
engine.register({
  name: "ask",
  async run(steps, input: { file: string }) {
    await steps.step("before", async () => append(input.file, "end before"));
    const answer = await steps.waitFor<string>("answer", 86_400_000);
    await steps.step("after", async () => append(input.file, "end after"));
    return answer ?? "nobody";
  },
});
engine.register({
  name: "many",
  async run(steps, input: { file: string; ms: number; n: number }) {
    const { file, ms } = input;
    const inputs = Array.from({ length: input.n }, () => ({ file, ms }));
    const outcomes = await steps.fanOut<string>("all", "six steps", inputs);
    return outcomes.filter((outcome) => outcome.ok && outcome.value === "six").length;
  },
});
engine.register({
  name: "poison",
  async run(steps) {
    await steps.step("swallow", async () => {
      process.kill(process.pid, "SIGKILL");
      await sleep(10_000);
      return null;
    });
    return null;
  },
});

await engine.start({ work: true, concurrency: 4 });
process.send?.("ready");
process.on("message", async (message) => {
  if (message !== "stop") return;
  await engine.stop();
  await sql.close();
  await server.release();
  // Nothing may keep the process: no process.exit here.
  process.disconnect();
});
