/** Pipelines that people write: a project in a folder, its code bundled, the real engine, threads and programs. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { ProgramResult } from "../../src/pipelines/pipeline.ts";
import { startPipeline } from "../../src/pipelines/start-pipeline.ts";
import { processAlive } from "../../src/storage/sql/process-alive.ts";
import { customers } from "../../src/testing/customers.ts";
import { onnxModel } from "../../src/testing/onnx-models.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

let folder: string;
let app: App;
const log = quietLog();

const CONFIG = `
import { defineProject } from "millwright";
import * as pipelines from "./pipelines/mine.ts";
export default defineProject({
  datasets: { customers: { source: "customers.csv", key: "customer" } },
  models: { churn: { dataset: "customers", target: "leaves", positive: "yes",
    train: { trainers: ["baseline", "linear"], budget: "2s" }, forward: { to: "sales", capacity: "5/day" } } },
  pipelines: { ...pipelines },
});
`;

const PIPELINES = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { importModel, type PipelineRun, pipeline, predict, process as elsewhere, score, train } from "millwright";
import { WORD } from "./word.ts";

const note = (folder: string, line: string): void => appendFileSync(folder + "/notes", line + "\\n");
const again = async (until: () => boolean, signal?: AbortSignal) => {
  while (!until()) {
    if (signal?.aborted) throw signal.reason;
    await new Promise((go) => setTimeout(go, 20));
  }
};

export const simple = pipeline("simple", async (run) => {
  const words = await run.step("fetch", ({ since }, { folder, progress }) => {
    note(folder, "fetch since " + since);
    progress("half", 0.5);
    console.log("printed by a step");
    return { words: ["a", "b"], extra: undefined };
  }, { since: run.lastSuccess });
  const lengths = await run.all("length", (word: string) => word.length + run.params.more, words.words);
  return { word: WORD, lengths, params: run.params };
}, { params: { more: 10, tag: "x" } });

export const branches = pipeline("branches", async (run) => {
  const branch = async (name: string, ms: number) => {
    const first = await run.step(name + " first", () => new Promise((go) => setTimeout(() => go(name), ms)));
    await run.sleep(name + " sleep", ms + "ms");
    return run.step(name + " second", async (given, { folder, signal }) => {
      note(folder, "second " + given);
      if (existsSync(folder + "/hold")) await again(() => !existsSync(folder + "/hold"), signal);
      return given + "!";
    }, String(first));
  };
  return Promise.all([branch("slow", 400), branch("quick", 1)]);
});

export const fails = pipeline("fails", async (run) => {
  const how = run.params.how;
  if (how === "flaky")
    return run.step("flaky", (_, { attempt, folder }) => {
      note(folder, "attempt " + attempt);
      if (attempt < 3) throw new TypeError("not yet");
      return attempt;
    }, null, { backoff: "10ms" });
  if (how === "date") return run.step("date", () => ({ at: new Date(0) }) as never);
  if (how === "late") return run.step("late", (_, { signal }) => again(() => false, signal), null, { timeout: "300ms", retries: 0 });
  if (how === "exit") return run.step("exit", () => process.exit(3));
  if (how === "twice") { await run.step("twice", () => 1); await run.step("twice", () => 2); }
  if (how === "caught") return run.step("bad", () => { throw new Error("no"); }, undefined, { retries: 0 }).catch((error: Error) => error.message);
  if (how === "option") return run.step("option", () => 1, null, { timeout: "5 minutes" });
  if (how === "memory") return run.step("memory", () => { const all: unknown[] = []; for (;;) all.push(new Array(1e6).fill(all.length)); });
  throw new RangeError("thrown by the body");
}, { params: { how: "" } });

export const wobbles = pipeline("wobbles", async (run) => {
  await run.step(existsSync(run.folder + "/other") ? "other" : "usual", () => 1);
  await run.step("hold", (_, { folder, signal }) => again(() => existsSync(folder + "/other"), signal), null);
});

export const kept = pipeline("kept", async (run) => {
  const made = await run.step("make", (input, { folder }) => { note(folder, "made " + input.n); return input.n * 2; },
    { n: run.params.n as number }, { cache: true });
  return made;
});

export const asks = pipeline("asks", async (run) => {
  await run.step("before", () => 1);
  const said = await run.waitFor<{ by: string }>("approved", "3d");
  const nobody = await run.waitFor("never", "300ms");
  return { said, nobody: nobody === undefined };
});

export const child = pipeline("child", (run) => run.step("double", () => {
  if (run.params.n === 3) throw new Error("three");
  return (run.params.n as number) * 2;
}, undefined, { retries: 0 }));
export const parent = pipeline("parent", async (run) => {
  const ends = await run.fanOut<number>("each", child, [1, 2, 3].map((n) => ({ n })));
  return ends.map((end) => (end.ok ? end.value : end.error.message));
});

export const nightly = pipeline("nightly", async (run) => {
  const trained = await run.step("train", train("churn"));
  const [asked] = await run.step("ask", predict("churn", [run.params.row as Record<string, string>]));
  const scored = await run.step("score", score("churn", { input: "customers.csv", out: "made/scored.csv", forward: true }));
  return { number: trained.number, label: asked!.label, rows: scored.rows, forwarded: scored.forwarded };
});

export const program = pipeline("program", async (run) => {
  const made = await run.step("fit", {
    run: elsewhere({ command: [run.params.node as string, "fit.mjs"] }),
    params: { until: run.params.until ?? null }, timeout: "5m",
  }, run.params.cache ? { cache: true } : {});
  if (!run.params.adopt) return made;
  const adopted = await run.step("adopt", importModel("churn", made.files["model.onnx"]!));
  return { made, adopted };
});
`;

/** A program that anybody may have written. */
const FIT = `
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
const { params, pipeline, step } = JSON.parse(readFileSync(process.env.MILLWRIGHT_TASK, "utf8"));
appendFileSync("begun", process.pid + "\\n");
console.log("millwright: progress 0.5 " + pipeline + " " + step);
const go = () => {
  copyFileSync("good.onnx", process.env.MILLWRIGHT_MODEL);
  writeFileSync(process.env.MILLWRIGHT_METRICS, JSON.stringify({ loss: 0.25, word: "no number" }));
};
if (params.until === "fail") { console.error("no memory left"); process.exit(9); }
if (!params.until) go();
else setInterval(() => { if (existsSync(params.until)) { go(); process.exit(); } }, 20);
`;

const lines = (file: string) =>
  existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim().split("\n") : [];
const until = async (claim: () => boolean | Promise<boolean>) => {
  while (!(await claim())) await pause(20);
};
const open = () => {
  const environment = { MILLWRIGHT_PORT: "0", MILLWRIGHT_THREADS: "2" };
  return openApp({ config: readConfig(environment, folder), log, work: "yes" });
};
const start = (pipeline: string, params: object = {}) =>
  startPipeline(app.platform, { pipeline, params });
const run = async <T>(pipeline: string, params: object = {}) =>
  app.platform.engine.wait<T>(await start(pipeline, params));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-pipelines-"));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "pipelines"));
  writeFileSync(join(folder, "customers.csv"), customers(1500));
  writeFileSync(join(folder, "good.onnx"), onnxModel("logged_churn.onnx"));
  writeFileSync(join(folder, "fit.mjs"), FIT);
  writeFileSync(join(folder, "pipelines/word.ts"), `export const WORD = "first";\n`);
  writeFileSync(join(folder, "pipelines/mine.ts"), PIPELINES);
  writeFileSync(join(folder, "millwright.config.ts"), CONFIG);
  app = await open();
});
afterAll(async () => {
  await app?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("steps", () => {
  test("give back JSON, know when the last success was, and print into the log", async () => {
    const id = await start("simple", { more: 1 });
    const result = await app.platform.engine.wait(id);
    expect(result).toEqual({ word: "first", lengths: [2, 2], params: { more: 1, tag: "x" } });
    const names = (await app.platform.engine.steps(id)).map(({ name }) => name);
    expect(names).toEqual(["begin", "fetch", "length 1", "length 2"]);
    expect(log.lines).toContain("printed by a step");
    const { createdAt } = (await app.platform.engine.get(id))!;
    await run("simple");
    expect(lines("notes").filter((line) => line.startsWith("fetch"))).toEqual([
      "fetch since null",
      `fetch since ${createdAt}`,
    ]);
  });

  test("are tried again, and fail in words", async () => {
    expect(await run("fails", { how: "flaky" })).toBe(3);
    expect(lines("notes").filter((line) => line.startsWith("attempt"))).toEqual([
      "attempt 1",
      "attempt 2",
      "attempt 3",
    ]);
    const error = async (how: string) =>
      app.platform.engine.wait(await start("fails", { how })).catch((e: Error) => e.message);
    expect(await error("date")).toMatch(/at is a Date; give its toISOString/);
    expect(await error("late")).toMatch(/it took longer than 0\.3 s/);
    expect(await error("exit")).toMatch(
      /thread of pipeline 'fails' ended in the middle of a step: it left with code 3/,
    );
    expect(await error("twice")).toMatch(/Step 'twice' occurs twice/);
    expect(await error("option")).toMatch(
      /step 'option': timeout: "5 minutes": write a time such as/,
    );
    expect(await error("")).toMatch(/RangeError: thrown by the body/);
    expect(await run("fails", { how: "caught" })).toBe("Error: no");
  });

  test("with a cache are answered by the earlier one of the same input and params", async () => {
    expect(await run("kept", { n: 2 })).toBe(4);
    expect(await run("kept", { n: 2 })).toBe(4);
    expect(await run("kept", { n: 3 })).toBe(6);
    expect(lines("notes").filter((line) => line.startsWith("made"))).toEqual(["made 2", "made 3"]);
  });
});

describe("a run", () => {
  test("whose process leaves in the middle of branches goes on with its own code, and repeats no finished step", async () => {
    writeFileSync(join(folder, "hold"), "");
    const id = await start("branches");
    await until(() => lines("notes").includes("second quick"));
    await app.close();
    const before = lines("notes").filter((line) => line === "second slow").length;
    // A later version without that pipeline: the run does not care.
    writeFileSync(join(folder, "pipelines/word.ts"), `export const WORD = "second";\n`);
    appendFileSync(join(folder, "pipelines/word.ts"), "export const MORE = 1;\n");
    writeFileSync(
      join(folder, "pipelines/mine.ts"),
      PIPELINES.replace("export const branches", "const branches"),
    );
    rmSync(join(folder, "hold"));
    app = await open();
    expect(await app.platform.engine.wait(id)).toEqual(["slow!", "quick!"]);
    const steps = await app.platform.engine.steps(id);
    expect(steps.find(({ name }) => name === "quick first")?.attempts).toBe(1);
    expect(steps.find(({ name }) => name === "slow first")?.attempts).toBe(1);
    expect(before).toBeLessThanOrEqual(1);
    await expect(start("branches")).rejects.toThrow(/no pipeline "branches".*It has .*simple/s);
    expect(await run("simple")).toMatchObject({ word: "second" });
  });

  test("whose body decides by what no step gave back is ended, and says why", async () => {
    const id = await start("wobbles");
    await until(async () => (await app.platform.engine.steps(id)).length === 3);
    await app.close();
    writeFileSync(join(folder, "other"), "");
    app = await open();
    await expect(app.platform.engine.wait(id)).rejects.toThrow(
      /no longer come in the order.*decides by what no step gave back/,
    );
  });

  test("waits for a person, survives a restart meanwhile, and gives up on one who does not come", async () => {
    const id = await start("asks");
    await until(async () => (await app.platform.engine.get(id))?.state === "waiting");
    await app.close();
    app = await open();
    await app.platform.engine.signal(id, "approved", { by: "me" });
    expect(await app.platform.engine.wait(id)).toEqual({ said: { by: "me" }, nobody: true });
  });

  test("is cancelled in the middle of a step", async () => {
    const id = await start("program", { node: process.execPath, until: "never" });
    await until(() => lines("begun").length === 1);
    await app.platform.engine.cancel(id);
    await until(() => !processAlive(Number(lines("begun")[0])));
    expect((await app.platform.engine.get(id))?.state).toBe("cancelled");
  });

  test("starts others and takes their failures as values", async () => {
    expect(await run("parent")).toEqual([2, 4, "Error: three"]);
  });

  test("is refused with params that the pipeline does not have", async () => {
    await expect(start("simple", { moer: 1 })).rejects.toThrow(/params\.moer: .*It has more, tag/);
    await expect(start("simple", { more: "1" })).rejects.toThrow(/params\.more: "1": a number/);
  });
});

test("trains, asks and scores", async () => {
  const [head, row] = readFileSync(join(folder, "customers.csv"), "utf8").split("\n");
  const values = row!.split(",");
  const asked = Object.fromEntries(head!.split(",").map((name, i) => [name, values[i]!]));
  delete asked.leaves;
  const done = await run<{ forwarded: { rows: number } }>("nightly", { row: asked });
  expect(done).toMatchObject({ number: 1, label: expect.stringMatching(/yes|no/), rows: 1500 });
  expect(done.forwarded.rows).toBe(5);
  expect(lines("made/scored.csv").length).toBe(1501);
});

describe("a program elsewhere", () => {
  const node = process.execPath;

  test("leaves a model and numbers; the model becomes a version", async () => {
    type Made = { made: ProgramResult; adopted: { servable: boolean; judged: boolean } };
    const { made, adopted } = await run<Made>("program", { node, adopt: true });
    expect(made.metrics).toEqual({ loss: 0.25 });
    const kept = await app.platform.blobs.get(made.files["model.onnx"]!.digest);
    expect(Buffer.from(kept).equals(onnxModel("logged_churn.onnx"))).toBe(true);
    expect(adopted).toMatchObject({ servable: true, judged: true });
  });

  test("goes on while no worker is there, and is not begun again", async () => {
    const before = lines("begun").length;
    const id = await start("program", { node, until: "go-on" });
    await until(() => lines("begun").length > before);
    await until(async () => (await app.platform.engine.get(id))?.state === "waiting");
    await app.close();
    app = await open();
    writeFileSync(join(folder, "go-on"), "");
    expect(await app.platform.engine.wait(id)).toMatchObject({ metrics: { loss: 0.25 } });
    expect(lines("begun").length).toBe(before + 1);
  });

  test("that fails says so, and one that has run may answer again", async () => {
    await expect(run("program", { node, until: "fail" })).rejects.toThrow(
      /code 9.*no memory left/s,
    );
    const before = lines("begun").length;
    await run("program", { node, cache: true });
    expect(await run("program", { node, cache: true })).toMatchObject({
      cached: expect.stringMatching(/^run_/),
    });
    expect(lines("begun").length).toBe(before + 1);
    await expect(run("program", { node: 3 })).rejects.toThrow(/Step 'fit'/);
  });
});
