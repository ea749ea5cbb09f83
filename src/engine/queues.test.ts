import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { dbosEngine } from "./dbos.ts";
import type { Engine, Placing, Steps, WorkOptions } from "./engine.ts";

const log = quietLog();
let db: TestDatabase;
let worker: Engine;
let observer: Engine;
/** Runs begun, in order, and how many at most at once. */
let begun: string[] = [];
let now = 0;
let most = 0;
let gate: Promise<void> = Promise.resolve();
let open: () => void = () => {};
const close = () => {
  gate = new Promise((resolve) => {
    open = resolve;
  });
};
const seen = async (claim: () => boolean | Promise<boolean>) => {
  while (!(await claim())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const submit = (name: string, placing: Placing = {}, pipeline = "mark") =>
  observer.submit(pipeline, { name }, placing);
const start = (options: Partial<WorkOptions> = {}) =>
  worker.start({ work: true, concurrency: 1, ...options });
const all = (ids: readonly string[]) => Promise.all(ids.map((id) => observer.wait(id)));

beforeAll(async () => {
  db = await testDatabase();
  worker = dbosEngine({ url: db.url, sql: db.sql, log });
  observer = dbosEngine({ url: db.url, sql: db.sql, log });
  worker.register({
    name: "mark",
    async run(steps: Steps, { name }: { name: string }) {
      await steps.step("mark", async () => {
        begun.push(name);
        now++;
        most = Math.max(most, now);
        await gate;
        now--;
      });
      return name;
    },
  });
  worker.register({
    name: "two steps",
    async run(steps: Steps) {
      await steps.step("first", async () => {
        begun.push("first");
        await gate;
      });
      await steps.step("second", async () => {
        begun.push("second");
      });
    },
  });
  worker.register({
    ...{ name: "placed", run: async () => null },
    placing: async () => ({ queue: "own", priority: 7, share: "mine" }),
  });
  await observer.start({ work: false });
});
afterEach(async () => {
  open();
  await worker.stop();
  begun = [];
  now = most = 0;
});
afterAll(async () => {
  await observer?.stop();
  await db?.stop();
});

describe("which run is next", () => {
  test("higher priority first, then shares in turn, then age", async () => {
    const ids = [
      ...(await Promise.all([1, 2, 3].map((n) => submit(`a${n}`, { share: "a" })))),
      await submit("b1", { share: "b" }),
      await submit("urgent", { share: "a", priority: 9 }),
      await submit("later", { share: "c", priority: -1 }),
    ];
    await start();
    await all(ids);
    expect(begun[0]).toBe("urgent");
    expect(begun.at(-1)).toBe("later");
    // The share that was served first waits for the other one.
    expect(
      begun
        .slice(1, 3)
        .map((name) => name[0])
        .sort(),
    ).toEqual(["a", "b"]);
  });

  test("hundreds of shares: each has its turn, and an urgent run does not wait for it", async () => {
    const shares = Array.from({ length: 200 }, (_, i) => `s${i}`);
    const ids = await Promise.all(shares.map((share) => submit(share, { share })));
    ids.push(await submit("urgent", { share: "zz", priority: 1 }));
    await start({ concurrency: 10 });
    await all(ids);
    expect(begun.slice(0, 10)).toContain("urgent");
    expect([...begun].sort()).toEqual([...shares, "urgent"].sort());
  });

  test("a worker takes from its queues in their order, and from no other", async () => {
    const left = await submit("other", { queue: "other" });
    const ids = [
      await submit("slow", { queue: "slow", priority: 50 }),
      await submit("fast", { queue: "fast" }),
    ];
    await start({ queues: ["fast", "slow"] });
    expect(await observer.hasWorker("fast")).toBe(true);
    expect(await observer.hasWorker("other")).toBe(false);
    await all(ids);
    expect(begun).toEqual(["fast", "slow"]);
    expect((await observer.get(left))?.state).toBe("queued");
    const load = await observer.load();
    expect(load.runs).toContainEqual({
      queue: "other",
      pipeline: "mark",
      state: "queued",
      count: 1,
    });
    expect(load.oldestQueued.other).toBeGreaterThan(0);
    await observer.cancel(left);
  });

  test("a pipeline may say where its runs wait; whoever submits may say otherwise", async () => {
    const first = await worker.get(await submitHere({}));
    expect(first).toMatchObject({ queue: "own", priority: 7, share: "mine" });
    const second = await worker.get(await submitHere({ priority: 1 }));
    expect(second).toMatchObject({ queue: "own", priority: 1 });
    await start();
    await all([first!.id, second!.id]);
  });
  const submitHere = async (placing: Placing) => {
    await worker.start({ work: false });
    const id = await worker.submit("placed", null, placing);
    await worker.stop();
    return id;
  };
});

describe("what a worker lacks, it does not take", () => {
  const has = { cpu: 2, memory: 2 ** 30, gpu: 0 };

  test("and what it has is divided among its runs", async () => {
    close();
    const gpu = await submit("gpu", { needs: { gpu: 1 } });
    const large = await submit("large", { needs: { memory: 2 ** 31 } });
    const ids = await Promise.all([1, 2, 3].map((n) => submit(`c${n}`, { needs: { cpu: 1 } })));
    await start({ concurrency: 10, has });
    await seen(() => begun.length === 2);
    const [about] = await observer.workers();
    expect(about).toMatchObject({ has, places: 10, draining: false });
    open();
    await all(ids);
    expect(most).toBe(2);
    expect((await observer.get(gpu))?.state).toBe("queued");
    expect((await observer.get(large))?.state).toBe("queued");
    await worker.stop();
    await start({ has: { cpu: 2, memory: 2 ** 32, gpu: 1 } });
    await all([gpu, large]);
  });
});

describe("limits of a queue", () => {
  const limited = (limits: Awaited<ReturnType<NonNullable<WorkOptions["limits"]>>>[string]) => ({
    concurrency: 10,
    limits: async () => ({ fit: limits }),
  });

  test.each([{ concurrency: 3 }, { perWorker: 3 }])("%j", async (limits) => {
    close();
    const ids = await Promise.all([1, 2, 3, 4, 5].map((n) => submit(`${n}`, { queue: "fit" })));
    ids.push(await submit("free"));
    await start(limited(limits));
    await seen(() => begun.length === 4);
    expect(begun).toContain("free");
    open();
    await all(ids);
    expect(most).toBe(4);
  });

  test("starts in a time", async () => {
    const ids = await Promise.all([1, 2, 3].map((n) => submit(`${n}`, { queue: "fit" })));
    await start(limited({ rate: { starts: 2, periodMs: 3_600_000 } }));
    await seen(() => begun.length === 2);
    await observer.wait(await submit("free"));
    expect(begun).toHaveLength(3);
    const states = (await Promise.all(ids.map((id) => observer.get(id)))).map((run) => run?.state);
    expect(states.filter((state) => state === "queued")).toHaveLength(1);
    await db.sql.query("update millwright.queue_tokens set filled_at = now() - interval '2 hours'");
    await all(ids);
  });
});

describe("a worker that drains", () => {
  test("ends the step in flight, begins none, and the next worker goes on", async () => {
    close();
    const id = await submit("x", {}, "two steps");
    const waiting = submit("y");
    await start();
    await seen(() => begun.includes("first"));
    const stopped = worker.stop({ drainMs: 60_000 });
    await seen(async () => (await observer.workers())[0]?.draining === true);
    expect(await observer.hasWorker()).toBe(false);
    open();
    await stopped;
    expect(begun).toEqual(["first"]);
    expect((await observer.steps(id)).map((s) => [s.name, s.state, s.attempts])).toEqual([
      ["first", "succeeded", 1],
    ]);
    await start();
    await all([id, await waiting]);
    expect(begun.filter((name) => name === "first")).toHaveLength(1);
  });
});
