/** Programs that outlive the worker, as candidates: processes of this machine. The programs are scripts of Node. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { MillwrightError } from "../../src/errors.ts";
import type { ReproduceOutcome } from "../../src/pipelines/reproduce.ts";
import type { TrainOutcome } from "../../src/pipelines/train.ts";
import { processAlive } from "../../src/storage/sql/process-alive.ts";
import { customers } from "../../src/testing/customers.ts";
import { onnxModel } from "../../src/testing/onnx-models.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import type { Leaderboard } from "../../src/training/leaderboard.ts";

let folder: string;
let app: App;

/** Copies a file that was trained elsewhere, when it is let go on. */
const SCRIPT = `
import { appendFileSync, copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
const task = JSON.parse(readFileSync(process.env.MILLWRIGHT_TASK, "utf8"));
if (statSync(process.env.MILLWRIGHT_ROWS).size === 0) throw new Error("no rows");
if (process.env.DATABASE_URL || process.env.MILLWRIGHT_TOKEN) throw new Error("it sees our secrets");
appendFileSync("begun", process.pid + "\\n");
console.log("millwright: progress 0.5 halfway");
const go = () => {
  copyFileSync(task.params.file, process.env.MILLWRIGHT_MODEL);
  writeFileSync(process.env.MILLWRIGHT_METRICS, JSON.stringify({ loss: 0.25, word: "no number" }));
};
if (!task.params.until) go();
else setInterval(() => { if (existsSync(task.params.until)) { go(); process.exit(); } }, 20);
`;

const config = (commands: object) => `import { process as elsewhere } from "millwright";
const commands = ${JSON.stringify(commands)};
for (const command of Object.values(commands)) command.run = elsewhere({ command: command.run });
export default {
  datasets: { customers: { source: "customers.csv", key: "customer" } },
  models: { churn: { dataset: "customers", target: "leaves", positive: "yes",
    train: { trainers: ["baseline"], commands } } },
};\n`;
async function configure(commands: object): Promise<void> {
  writeFileSync(join(folder, "millwright.config.ts"), config(commands));
  await pause(1100);
}
const copying = { run: [process.execPath, "train.mjs"], params: { file: "good.onnx" } };
const begun = () =>
  existsSync(join(folder, "begun"))
    ? readFileSync(join(folder, "begun"), "utf8").trim().split("\n").map(Number)
    : [];
const until = async (claim: () => boolean | Promise<boolean>) => {
  while (!(await claim())) await pause(50);
};

const open = () => {
  const environment = { MILLWRIGHT_PORT: "0", MILLWRIGHT_TOKEN: "a token of sixteen or more" };
  return openApp({ config: readConfig(environment, folder), log: quietLog(), work: "yes" });
};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-elsewhere-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "customers.csv"), customers(1500));
  writeFileSync(join(folder, "train.mjs"), SCRIPT);
  writeFileSync(join(folder, "good.onnx"), onnxModel("logged_churn.onnx"));
  writeFileSync(join(folder, "millwright.config.ts"), config({ away: copying }));
  app = await open();
});
afterAll(async () => {
  await app?.close();
  rmSync(folder, { recursive: true, force: true });
});

const submit = (more: object = {}) =>
  app.platform.engine.submit("train", { model: "churn", reason: "a test", ...more });
const train = async (more: object = {}) =>
  app.platform.engine.wait<TrainOutcome>(await submit(more));

describe("a program that runs elsewhere", () => {
  test("wins, is judged by its file, is champion, and can be made again", async () => {
    const outcome = await train();
    expect(outcome).toMatchObject({ winner: "away", number: 1, passed: true });
    const { engine, registry } = app.platform;
    const version = (await registry.find("churn", "1"))!.id;
    const again = await engine.submit("reproduce", { model: "churn", version });
    expect(await engine.wait<ReproduceOutcome>(again)).toMatchObject({ outcome: "same bytes" });
    const told = await app.sql.query<{ key: string; value: number }>(
      "select name as key, value from millwright.latest_metric join millwright.tracked_key on id = key where name like 'program.%'",
    );
    expect(told).toContainEqual({ key: "program.loss", value: 0.25 });
  });

  test("goes on when the worker ends, and the next one adopts it: there is no second", async () => {
    const before = begun().length;
    await configure({ away: { ...copying, params: { ...copying.params, until: "go-on" } } });
    const run = await submit({ again: true, skipShadow: true });
    await until(() => begun().length > before);
    await until(async () => (await app.platform.engine.get(run))?.progress !== undefined);
    await until(async () => (await app.platform.engine.get(run))?.state === "waiting");
    const pid = begun().at(-1)!;
    await app.close();
    expect(processAlive(pid)).toBe(true);
    app = await open();
    writeFileSync(join(folder, "go-on"), "");
    expect(await app.platform.engine.wait<TrainOutcome>(run)).toMatchObject({
      winner: "away",
    });
    const steps = (await app.platform.engine.steps(run)).filter((step) =>
      / elsewhere$/.test(step.name),
    );
    expect(begun().length - before).toBe(steps.length);
    expect(new Set(begun()).size).toBe(begun().length);
  });

  test("ends with its run", async () => {
    const before = begun().length;
    await configure({ away: { ...copying, params: { ...copying.params, until: "never" } } });
    const run = await submit({ again: true });
    await until(() => begun().length > before);
    const pid = begun().at(-1)!;
    await app.platform.engine.cancel(run);
    await until(() => !processAlive(pid));
    await expect(app.platform.engine.wait(run)).rejects.toThrow(MillwrightError);
  });

  test("is asked for again when it is lost, with another name", async () => {
    const before = begun().length;
    await configure({ away: { ...copying, params: { ...copying.params, until: "late" } } });
    const run = await submit({ again: true, skipShadow: true });
    await until(() => begun().length > before);
    const [job] = await app.sql.query<{ id: string }>(
      "select id from millwright.remote_job where run_id = $1",
      [run],
    );
    const { pid } = JSON.parse(
      readFileSync(join(folder, ".millwright/jobs", job!.id, "started.json"), "utf8"),
    );
    const first = begun().at(-1)!;
    process.kill(pid, "SIGKILL");
    await until(() => begun().length > before + 1);
    expect(processAlive(first)).toBe(false);
    writeFileSync(join(folder, "late"), "");
    expect(await app.platform.engine.wait<TrainOutcome>(run)).toMatchObject({
      winner: "away",
    });
  });

  test("and fails is out of the race, with its last words", async () => {
    const fails = `console.error("no memory left"); process.exit(9)`;
    await configure({
      away: copying,
      fails: { run: [process.execPath, "-e", fails] },
      silent: { run: [process.execPath, "-e", ""] },
      absent: { run: ["no-such-program"] },
      slow: { run: [process.execPath, "-e", "setInterval(() => {}, 1000)"], timeout: "1s" },
    });
    const { number, winner } = await train({ again: true, skipShadow: true });
    expect(winner).toBe("away");
    const version = await app.platform.registry.find("churn", String(number));
    const kept = await app.platform.blobs.get(version!.leaderboard!);
    const { rows }: Leaderboard = JSON.parse(Buffer.from(kept).toString());
    const errorOf = (id: string) => rows.find(({ candidate }) => candidate === id)?.error;
    expect(errorOf("fails")).toMatch(/failed: it ended with code 9.*no memory left/s);
    expect(errorOf("silent")).toMatch(/left no model.*MILLWRIGHT_MODEL/s);
    expect(errorOf("absent")).toMatch(/there is no program no-such-program that may be run here/);
    expect(errorOf("slow")).toMatch(/took longer than 1 s/);
  });
});
