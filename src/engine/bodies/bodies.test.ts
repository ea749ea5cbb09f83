import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Digest } from "../../lib/digest.ts";
import { fileBlobs } from "../../storage/blobs/files.ts";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import { quietLog } from "../../testing/quiet-log.ts";
import type { Bodies } from "../bodies.ts";
import { dbosEngine } from "../dbos.ts";
import type { Engine } from "../engine.ts";
import { stepResults } from "../step-results.ts";
import { openBodies } from "./open-bodies.ts";

const BUNDLE = `
let loads = 0;
export default { pipelines: {
  rests: { body: async (run) => {
    console.log("begins, load " + ++loads);
    const first = await run.step("first", () => ({ at: performance.now() }));
    const told = await run.waitFor("go", "1h");
    const second = await run.step("second", (given) => given, first);
    await Promise.all([run.sleep("long", "400ms"), run.step("beside", () => 1)]);
    return { told, same: first.at === second.at };
  } },
  wobbles: { body: async (run) => {
    await run.step("a " + performance.now(), () => 1);
    await run.waitFor("go", "1h");
  } },
  breaks: { body: (run) => Promise.all([
    run.step("bad", () => { throw new Error("no"); }, null, { retries: 0 }),
    run.step("long", (_, { signal }) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)))),
  ]) },
  later: { body: async (run) => {
    await run.step("one", () => { setTimeout(() => { throw new Error("nobody awaits this"); }, 1); return new Promise((go) => setTimeout(go, 5000)); });
  } },
  loops: { body: async (run) => {
    await run.step("loops", (_, { signal }) => { for (;;); }, null, { timeout: "200ms", retries: 0 });
  } },
} };
`;

let db: TestDatabase;
let engine: Engine;
let bodies: Bodies;
const log = quietLog();

beforeAll(async () => {
  db = await testDatabase();
  const blobs = fileBlobs(`${db.folder}/blobs`);
  const code: Digest = await blobs.put(new TextEncoder().encode(BUNDLE));
  const results = stepResults(db.sql);
  bodies = openBodies({
    ...{ blobs, results, folder: `${db.folder}/code`, environment: null, log, restMs: 150 },
  });
  engine = dbosEngine({ url: db.url, sql: db.sql, log });
  engine.registerOthers((name) => ({
    name,
    run: (steps) =>
      bodies.run({
        ...{ steps, code, pipeline: name },
        about: { id: steps.runId, params: {}, startedAt: 0, lastSuccess: null, folder: "/" },
        work: async () => null,
        childInput: (params) => params,
      }),
  }));
  await engine.start({ work: true });
});
afterAll(async () => {
  await engine?.stop();
  await bodies?.close();
  await db?.stop();
});
const waits = async (run: string) => {
  await expect.poll(async () => (await engine.get(run))?.state).toBe("waiting");
};

test("a body that only waits gives its thread back, and goes on with what its steps gave", async () => {
  const run = await engine.submit("rests", null);
  await waits(run);
  await pause(600);
  const begins = () => log.lines.filter((line) => line.startsWith("begins")).length;
  expect(begins()).toBe(1);
  await engine.signal(run, "go", { by: "me" });
  expect(await engine.wait(run)).toEqual({ told: { by: "me" }, same: true });
  expect(begins()).toBe(3);
  const steps = await engine.steps(run);
  expect(steps.map(({ attempts }) => attempts)).toEqual(steps.map(() => 1));
});

test("one that asks for something else then is told so", async () => {
  const run = await engine.submit("wobbles", null);
  await waits(run);
  await pause(600);
  await engine.signal(run, "go", null);
  await expect(engine.wait(run)).rejects.toThrow(/asked for 'step a .* and now for 'step a /);
});

test("a step in flight is told to end when the body fails beside it", async () => {
  const run = await engine.submit("breaks", null);
  await expect(engine.wait(run)).rejects.toThrow(/Error: no/);
  const [, long] = await engine.steps(run);
  expect(long).toMatchObject({ name: "long", state: "failed", attempts: 1 });
});

test("an error that nothing awaits ends the run, not the worker", async () => {
  const run = await engine.submit("later", null);
  await expect(engine.wait(run)).rejects.toThrow(
    /thread of pipeline 'later' ended in the middle of a step: nobody awaits this/,
  );
});

test("a step that pays no heed to its signal loses its thread, and the worker lives", async () => {
  const run = await engine.submit("loops", null);
  await expect(engine.wait(run)).rejects.toThrow(
    /longer than 0\.2 s, and did not end within 10 s after its signal/,
  );
});
