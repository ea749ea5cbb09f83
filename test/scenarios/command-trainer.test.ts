/** A program of a project trains: it competes with our trainers, its file is judged, served, made again. The program is a script of Node. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { ReproduceOutcome } from "../../src/pipelines/reproduce.ts";
import type { TrainOutcome } from "../../src/pipelines/train.ts";
import { customers } from "../../src/testing/customers.ts";
import { onnxModel } from "../../src/testing/onnx-models.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import type { Leaderboard } from "../../src/training/leaderboard.ts";

let folder: string;
let app: App;

/** Copies a file that was trained elsewhere: what a program leaves is all that counts. */
const SCRIPT = `
import { copyFileSync, readFileSync, statSync } from "node:fs";
const task = JSON.parse(readFileSync(process.env.MILLWRIGHT_TASK, "utf8"));
if (statSync(process.env.MILLWRIGHT_ROWS).size === 0) throw new Error("no rows");
if (process.env.DATABASE_URL || process.env.MILLWRIGHT_TOKEN) throw new Error("it sees our secrets");
console.log(task.rows + " rows of " + task.target + " with " + JSON.stringify(task.params));
copyFileSync(task.params.file, process.env.MILLWRIGHT_MODEL);
`;

const config = (commands: object) => `export default {
  datasets: { customers: { source: "customers.csv", key: "customer" } },
  models: { churn: { dataset: "customers", target: "leaves", positive: "yes",
    train: { trainers: ["baseline"], commands: ${JSON.stringify(commands)} } } },
};\n`;
/** Waits until the project is read anew, which it is once a second. */
async function configure(commands: object): Promise<void> {
  writeFileSync(join(folder, "millwright.config.ts"), config(commands));
  await new Promise((resolve) => setTimeout(resolve, 1100));
}
const copying = { run: [process.execPath, "train.mjs"], params: { file: "good.onnx" } };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-command-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "customers.csv"), customers(1500));
  writeFileSync(join(folder, "train.mjs"), SCRIPT);
  writeFileSync(join(folder, "good.onnx"), onnxModel("logged_churn.onnx"));
  writeFileSync(join(folder, "millwright.config.ts"), config({ elsewhere: copying }));
  const environment = { MILLWRIGHT_PORT: "0", MILLWRIGHT_TOKEN: "a token of sixteen or more" };
  app = await openApp({ config: readConfig(environment, folder), log: quietLog(), work: "yes" });
});
afterAll(async () => {
  await app?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function train(more: object = {}): Promise<TrainOutcome> {
  const { engine } = app.platform;
  const input = { model: "churn", reason: "a test", ...more };
  return engine.wait<TrainOutcome>(await engine.submit("train", input));
}

async function standings(number: number): Promise<Leaderboard> {
  const version = await app.platform.registry.find("churn", String(number));
  return JSON.parse(Buffer.from(await app.platform.blobs.get(version!.leaderboard!)).toString());
}

describe("a program that trains", () => {
  test("wins, is judged by its file, and is champion", async () => {
    const outcome = await train();
    expect(outcome).toMatchObject({ winner: "elsewhere", number: 1, passed: true });
    const version = await app.platform.registry.find("churn", "champion");
    expect(version).toMatchObject({ trainer: "command", params: { run: copying.run } });
    expect(version!.signature.columns.map(({ name }) => name)).toEqual([
      "tenure",
      "monthly",
      "calls",
    ]);
    const { importance } = await app.platform.evaluationOf(version!);
    expect(importance[0]?.feature).toBe("tenure");
  });

  test("is not run again while nothing has changed; another script is another program", async () => {
    expect((await train()).reused).toBeDefined();
    writeFileSync(join(folder, "train.mjs"), `${SCRIPT}// Better.\n`);
    expect((await train({ skipShadow: true })).reused).toBeUndefined();
  });

  test("its version can be made again", async () => {
    const { engine, registry } = app.platform;
    const version = (await registry.find("churn", "1"))!.id;
    const run = await engine.submit("reproduce", { model: "churn", version });
    expect(await engine.wait<ReproduceOutcome>(run)).toMatchObject({ outcome: "same bytes" });
  });

  test("and fails is out of the race, with its last words; the others go on", async () => {
    const fails = `console.error("no memory left"); process.exit(9)`;
    await configure({
      elsewhere: copying,
      fails: { run: [process.execPath, "-e", fails] },
      silent: { run: [process.execPath, "-e", ""] },
      poor: { ...copying, params: { file: "train.mjs" } },
      slow: { run: [process.execPath, "-e", "setInterval(() => {}, 1000)"], timeout: "1s" },
    });
    const { number, winner } = await train({ again: true, skipShadow: true });
    expect(winner).toBe("elsewhere");
    const { rows } = await standings(number);
    const errorOf = (id: string) => rows.find(({ candidate }) => candidate === id)?.error;
    expect(errorOf("fails")).toMatch(/ended with code 9.*no memory left/s);
    expect(errorOf("silent")).toMatch(/left no model.*MILLWRIGHT_MODEL/s);
    expect(errorOf("poor")).toMatch(/not an ONNX file|cannot be read|no ONNX/i);
    expect(errorOf("slow")).toMatch(/took longer than 1 s/);
  });

  test("whose requirements are not there stops the training before it begins", async () => {
    const asks = { ...copying, requirements: "requirements.txt" };
    await configure({ asks });
    await expect(train()).rejects.toThrow(/There is no file requirements.txt in/);
  });
});
