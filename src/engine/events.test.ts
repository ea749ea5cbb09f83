import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../lib/json.ts";
import type { Sql } from "../storage/sql/sql.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { type EventLog, eventLog } from "./events.ts";
import { schedules } from "./schedule.ts";
import { runTriggers } from "./triggers.ts";

let db: TestDatabase;
let events: EventLog;
beforeAll(async () => {
  db = await testDatabase();
  events = eventLog(db.sql);
});
afterAll(() => db.stop());

const happened = (type: string, subject: string, payload: Json = null) =>
  events.append({ type, subject, payload, at: 1000 });

/** Stands for `Engine.submit`: the same id twice is one run. */
function submissions() {
  const runs = new Map<string, Json>();
  return {
    runs,
    submit: async (pipeline: string, input: Json, options?: { id?: string }) => {
      const id = options?.id ?? "none";
      runs.set(id, [pipeline, input]);
      return id;
    },
  };
}

describe("events", () => {
  test("are read in order, by type and subject", async () => {
    await happened("a.happened", "x", { n: 1 });
    await happened("b.happened", "x");
    await happened("a.happened", "y");
    const all = await events.read();
    expect(all.map((e) => [e.type, e.subject])).toEqual([
      ["a.happened", "x"],
      ["b.happened", "x"],
      ["a.happened", "y"],
    ]);
    expect(all[0]).toMatchObject({ payload: { n: 1 }, at: 1000 });
    expect((await events.read({ types: ["a.happened"], subject: "y" })).length).toBe(1);
    expect((await events.read({ latest: true, limit: 1 }))[0]?.subject).toBe("y");
  });

  test("appended within a transaction that fails, they never happened", async () => {
    const before = (await events.read()).length;
    await expect(
      db.sql.transact(async (tx) => {
        await events.append({ type: "c.happened", subject: "x", payload: null, at: 1 }, tx);
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect((await events.read()).length).toBe(before);
  });

  test("each consumer gets each new event once, however many consume at once", async () => {
    const seen: string[] = [];
    const take = () =>
      events.consume("one", ["d.happened"], async (e) => void seen.push(e.subject));
    expect(await take()).toBe(0);
    await Promise.all(Array.from({ length: 20 }, (_, i) => happened("d.happened", `${i}`)));
    while (seen.length < 20) await Promise.all([take(), take(), take()]);
    await take();
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("none is passed over, whether appended within a transaction or not", async () => {
    const seen: number[] = [];
    const take = () => events.consume("three", ["f.happened"], async (e) => void seen.push(e.id));
    await take();
    const append = (within: Sql) =>
      events.append({ type: "f.happened", subject: "x", payload: null, at: 1 }, within);
    // What is appended here becomes visible late: nobody may get ahead of it meanwhile.
    const late = () =>
      db.sql.transact(async (tx) => {
        await append(tx);
        await tx.query("select pg_sleep(0.01)");
      });
    const often = async (deed: () => Promise<unknown>) => {
      for (let i = 0; i < 25; i++) await deed();
    };
    let over = false;
    const taking = (async () => {
      while (!over) await take();
    })();
    await Promise.all([late, late, () => append(db.sql), () => append(db.sql)].map(often));
    over = true;
    await taking;
    await take();
    expect(seen).toHaveLength(100);
  });

  test("an event whose handler fails is tried again, then left behind", async () => {
    const seen: string[] = [];
    const take = () =>
      events.consume("two", ["e.happened"], async (e) => {
        if (e.subject === "bad") throw new Error("cannot");
        seen.push(e.subject);
      });
    await take();
    await happened("e.happened", "good");
    await happened("e.happened", "bad");
    await happened("e.happened", "next");
    await take();
    expect(seen).toEqual(["good"]);
    for (let i = 0; i < 25; i++) await take();
    expect(seen).toEqual(["good", "next"]);
    const [row] = await db.sql.query(
      "select last_error from millwright.event_consumer where name = 'two'",
    );
    expect(row).toEqual({ last_error: "Error: cannot" });
  });
});

describe("schedules", () => {
  const hour = 3_600_000;

  test("a tick starts one run, whoever ticks; missed ticks become one", async () => {
    const { runs, submit } = submissions();
    const list = schedules(db.sql, submit);
    await list.put({ name: "nightly", pipeline: "train", every: "hour", input: { a: 1 } }, 0);
    expect(await list.tick(hour - 1)).toEqual([]);
    const both = await Promise.all([list.tick(hour), list.tick(hour)]);
    expect(both.flat()).toEqual([`run_nightly_${hour}`]);
    expect(await list.tick(5 * hour + 7)).toEqual([`run_nightly_${2 * hour}`]);
    expect((await list.list())[0]).toMatchObject({ nextAt: 6 * hour, lastAt: 2 * hour });
    expect([...runs.values()]).toEqual([
      ["train", { a: 1 }],
      ["train", { a: 1 }],
    ]);
  });

  test("putting it again keeps the next tick; changing `every` moves it; nonsense is refused", async () => {
    const list = schedules(db.sql, submissions().submit);
    await list.put({ name: "nightly", pipeline: "train", every: "hour", input: {} }, 100 * hour);
    expect((await list.list())[0]?.nextAt).toBe(6 * hour);
    await list.put({ name: "nightly", pipeline: "train", every: "day", input: {} }, 100 * hour);
    expect((await list.list())[0]?.nextAt).toBe(120 * hour);
    await expect(
      list.put({ name: "x", pipeline: "train", every: "often", input: {} }, 0),
    ).rejects.toMatchObject({ code: "invalid_config" });
    await list.remove("nightly");
    expect(await list.list()).toEqual([]);
  });

  test("a submission that fails leaves the tick due", async () => {
    const failing = schedules(db.sql, async () => Promise.reject(new Error("away")));
    await failing.put({ name: "later", pipeline: "train", every: "hour", input: {} }, 0);
    await expect(failing.tick(hour)).rejects.toThrow("away");
    const { submit } = submissions();
    expect(await schedules(db.sql, submit).tick(hour)).toEqual([`run_later_${hour}`]);
    await failing.remove("later");
  });
});

test("triggers turn events into runs, and leave out what concerns them not", async () => {
  const { runs, submit } = submissions();
  const triggers = await runTriggers({
    engine: { submit },
    events,
    schedules: schedules(db.sql, submit),
    clock: { now: () => 0 },
    log: quietLog(),
    everyMs: 10,
    triggers: [
      {
        name: "drift-retrains",
        on: ["drift.detected"],
        pipeline: "retrain",
        input: (event) => (event.subject === "mail" ? { model: event.subject } : undefined),
      },
    ],
  });
  // At once: nothing may be missed between the start and the first look.
  await happened("drift.detected", "bikes");
  const id = await happened("drift.detected", "mail");
  while (runs.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await triggers.stop();
  expect([...runs]).toEqual([[`run_drift-retrains_${id}`, ["retrain", { model: "mail" }]]]);
});

test("what cannot be started is said to the log, and keeps nothing else waiting", async () => {
  const { runs, submit } = submissions();
  const log = quietLog();
  const due = schedules(db.sql, () => Promise.reject(new Error("no such pipeline")));
  await due.put({ name: "old", pipeline: "gone", every: "hour", input: {} }, 0);
  const trigger = (name: string, input: () => Json) => ({
    ...{ name, on: ["g.happened"], pipeline: "train", input },
  });
  const triggers = await runTriggers({
    engine: { submit },
    ...{ events, schedules: due, clock: { now: () => 3_600_000 }, log, everyMs: 10 },
    triggers: [
      trigger("cannot", () => {
        throw new Error("the project cannot be read");
      }),
      trigger("can", () => null),
    ],
  });
  const id = await happened("g.happened", "mail");
  while (runs.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await triggers.stop();
  await due.remove("old");
  expect([...runs.keys()]).toEqual([`run_can_${id}`]);
  expect(log.lines).toContain(
    `g.happened of 'mail' (event ${id}) could not start train: the project cannot be read`,
  );
  expect(log.lines).toContain("schedules and events: no such pipeline");
});
