import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { dbosEngine } from "./dbos.ts";
import type { Engine, Pipeline, StepContext, Steps } from "./engine.ts";

const log = quietLog();
let db: TestDatabase;
let engine: Engine;
let observer: Engine;

const calls: string[] = [];
const pipeline = (
  name: string,
  run: (steps: Steps, input: never) => Promise<Json>,
): Pipeline<never, Json> => ({
  name,
  run,
});
const seen = async (claim: () => boolean | Promise<boolean>) => {
  while (!(await claim())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const inState = (id: string, state: string) => async () =>
  (await observer.get(id))?.state === state;

const untilAborted = ({ signal }: StepContext): Promise<never> =>
  seen(() => signal.aborted).then(() => {
    calls.push("aborted");
    throw new MillwrightError("cancelled", "stopped as asked");
  });

beforeAll(async () => {
  db = await testDatabase();
  engine = dbosEngine({ url: db.url, sql: db.sql, log });
  observer = dbosEngine({ url: db.url, sql: db.sql, log });
  for (const p of [
    pipeline("sum", async (steps, { n }: { n: number }) => {
      const parts = await Promise.all(
        Array.from({ length: n }, (_, i) => steps.step(`part ${i}`, async () => i)),
      );
      await steps.step("nothing", async () => undefined);
      return parts.reduce((a, b) => a + b, 0);
    }),
    pipeline("flaky", async (steps) =>
      steps.step(
        "twice",
        async () => {
          calls.push("twice");
          if (calls.length < 3) throw new Error("not yet");
          return calls.length;
        },
        { retries: 5, backoffMs: 1 },
      ),
    ),
    pipeline("broken", async (steps) =>
      steps.step("check", async () => {
        calls.push("check");
        throw new MillwrightError(
          "invalid_data",
          "Column 'age' has 3 negative values; remove them.",
          {
            details: { column: "age" },
          },
        );
      }),
    ),
    pipeline("caught", async (steps) => {
      const tried = steps.step("try", async () => Promise.reject(new Error("boom")), {
        retries: 0,
      });
      return tried.catch((error: MillwrightError) => `${error.code}: ${error.message}`);
    }),
    pipeline("endless", async (steps) => {
      await steps.step("wait for abort", async (context) => {
        context.progress("turning", 0.25);
        return untilAborted(context);
      });
      return null;
    }),
    pipeline("ask", async (steps) => {
      const before = await steps.step("prepare", async () => "asked");
      const answer = await steps.waitFor<string>("answer", 3_600_000);
      return `${before}: ${answer}`;
    }),
    pipeline("ask briefly", async (steps) => (await steps.waitFor("answer", 50)) ?? "nobody"),
    pipeline("nap", async (steps) => {
      await steps.sleep("rest", 30);
      return "rested";
    }),
    pipeline("same name", async (steps) => {
      await steps.step("a", async () => 1);
      return steps.step("a", async () => 2);
    }),
  ]) {
    engine.register(p);
  }
  await engine.start({ work: true, concurrency: 2 });
  await observer.start({ work: false });
});
afterAll(async () => {
  await engine?.stop();
  await observer?.stop();
  await db?.stop();
});

describe("the engine", () => {
  test("a run's steps may run side by side; results and steps can be looked at", async () => {
    const id = await observer.submit("sum", { n: 5 });
    expect(await observer.wait(id)).toBe(10);
    const run = await observer.get(id);
    expect(run).toMatchObject({ state: "succeeded", output: 10, input: { n: 5 }, pipeline: "sum" });
    const steps = await observer.steps(id);
    expect(steps.map((s) => s.name)).toEqual([
      "part 0",
      "part 1",
      "part 2",
      "part 3",
      "part 4",
      "nothing",
    ]);
    for (const step of steps)
      expect(step).toMatchObject({ state: "succeeded", attempts: 1, error: undefined });
    expect(await observer.hasWorker()).toBe(true);
    expect((await observer.list({ pipeline: "sum" })).map((r) => r.id)).toContain(id);
  });

  test("the same id twice is one run", async () => {
    const first = await engine.submit("sum", { n: 3 }, { id: "run_once" });
    const second = await observer.submit("sum", { n: 4 }, { id: "run_once" });
    expect(second).toBe(first);
    expect(await observer.wait(first)).toBe(3);
  });

  test("unknown errors are tried again; the number of attempts is kept", async () => {
    calls.length = 0;
    const id = await engine.submit("flaky", null);
    expect(await engine.wait(id)).toBe(3);
    expect((await engine.steps(id))[0]).toMatchObject({ attempts: 3, state: "succeeded" });
  });

  test("an error that cannot go away is not tried again, and arrives in words", async () => {
    calls.length = 0;
    const id = await engine.submit("broken", null);
    await expect(observer.wait(id)).rejects.toMatchObject({
      code: "invalid_data",
      message: "Column 'age' has 3 negative values; remove them.",
    });
    expect(calls).toEqual(["check"]);
    expect(await engine.get(id)).toMatchObject({ state: "failed" });
    expect((await engine.steps(id))[0]).toMatchObject({ state: "failed", attempts: 1 });
  });

  test("a pipeline may catch the error of a step", async () => {
    expect(await engine.wait(await engine.submit("caught", null))).toBe("internal: Error: boom");
  });

  test("cancel reaches the running step; the run is cancelled and stays so", async () => {
    calls.length = 0;
    const id = await engine.submit("endless", null);
    await seen(async () => (await engine.get(id))?.progress?.fraction === 0.25);
    expect((await engine.get(id))?.progress).toEqual({
      step: "wait for abort",
      message: "turning",
      fraction: 0.25,
    });
    await observer.cancel(id);
    await expect(observer.wait(id)).rejects.toMatchObject({ code: "cancelled" });
    await seen(() => calls.includes("aborted"));
    expect(await engine.get(id)).toMatchObject({ state: "cancelled" });
  });

  test("waiting runs take none of the worker's places; a signal wakes them", async () => {
    const asking = await Promise.all([1, 2, 3].map(() => engine.submit("ask", null)));
    for (const id of asking) await seen(inState(id, "waiting"));
    expect(await engine.wait(await engine.submit("sum", { n: 2 }))).toBe(1);
    await observer.signal(asking[0]!, "answer", "yes");
    expect(await observer.wait(asking[0]!)).toBe("asked: yes");
    for (const id of asking.slice(1)) await observer.cancel(id);
    await expect(observer.signal(asking[0]!, "answer", "again")).rejects.toMatchObject({
      code: "conflict",
    });
  });

  test("nobody answers: waitFor gives undefined; sleeping is a step like others", async () => {
    expect(await engine.wait(await engine.submit("ask briefly", null))).toBe("nobody");
    const nap = await engine.submit("nap", null);
    expect(await engine.wait(nap)).toBe("rested");
    expect((await engine.steps(nap))[0]).toMatchObject({ name: "rest", state: "succeeded" });
  });

  test("two steps of one name, unknown pipelines and unknown runs are named in the error", async () => {
    await expect(engine.wait(await engine.submit("same name", null))).rejects.toThrow(
      /'a' occurs twice/,
    );
    await expect(engine.submit("nope", null)).rejects.toThrow(/no pipeline 'nope'. Known: sum/);
    await expect(engine.wait(await observer.submit("nope", null))).rejects.toThrow(
      /has no pipeline 'nope'/,
    );
    await expect(engine.cancel("run_x")).rejects.toMatchObject({ code: "not_found" });
  });

  test("a row whose submitter died before queueing is queued by the reaper", async () => {
    await db.sql.query(
      `insert into millwright.run (id, pipeline, state, input, created_at)
       values ('run_astray', 'sum', 'queued', '{"n":3}', now() - interval '1 minute')`,
    );
    expect(await observer.wait("run_astray")).toBe(3);
  });

  test("stop in the middle of a step, start again: the step is repeated, the run goes on", async () => {
    calls.length = 0;
    const asking = await engine.submit("ask", null);
    const id = await engine.submit("endless", null);
    await seen(inState(asking, "waiting"));
    await seen(inState(id, "running"));
    await seen(async () => (await engine.steps(id)).length > 0);
    await engine.stop();
    expect(await observer.get(id)).toMatchObject({ state: "running" });
    expect(await observer.hasWorker()).toBe(false);
    await observer.signal(asking, "answer", "late");
    await engine.start({ work: true, concurrency: 2 });
    expect(await engine.wait(asking)).toBe("asked: late");
    await seen(async () => (await engine.steps(id))[0]?.attempts === 2);
    await engine.cancel(id);
    const [row] = await db.sql.query<{ crashes: number }>(
      "select crashes from millwright.run_step where run_id = $1",
      [id],
    );
    expect(row?.crashes).toBe(0);
    await seen(() => calls.filter((call) => call === "aborted").length === 2);
  });
});
