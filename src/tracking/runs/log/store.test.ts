import { setImmediate as endOfTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgres } from "../../../storage/sql/postgres.ts";
import type { Sql } from "../../../storage/sql/sql.ts";
import { type TestDatabase, testDatabase } from "../../../testing/database.ts";
import { lockWaited } from "../../../testing/lock-waited.ts";
import { quietLog } from "../../../testing/quiet-log.ts";
import { experimentStore } from "../../experiments/store.ts";
import { trackedKeys } from "../../keys/store.ts";
import { historyStore } from "../history/store.ts";
import { trackedRunStore } from "../store.ts";
import type { RunContents, TrackedRun } from "../tracked-run.ts";
import type { LoggedPoint, RunEntry } from "./entry.ts";
import { type RunLog, runLog } from "./store.ts";

let db: TestDatabase;
/** As another process has it: connections and a dictionary of its own. */
let second: Sql;
let log: RunLog;
let otherLog: RunLog;
let experiment: string;
let made = 0;

beforeAll(async () => {
  db = await testDatabase();
  second = postgres(db.url, { log: quietLog(), maxConnections: 3 });
  log = runLog(db.sql, trackedKeys(db.sql), endOfTurn);
  otherLog = runLog(second, trackedKeys(second), endOfTurn);
  const name = "log";
  experiment = (await experimentStore(db.sql, "mlflow-artifacts:/").create({
    ...{ name, artifactLocation: undefined, tags: [], at: 0 },
  }))!;
});
afterAll(async () => {
  await second.close();
  await db.stop();
});

const runs = () => trackedRunStore(db.sql, trackedKeys(db.sql));

async function newRun(): Promise<TrackedRun> {
  const id = `run${made++}`;
  const run = await runs().create({ id, experiment, name: id, userId: "", startTime: 1, tags: [] });
  if (run === undefined || run === "deleted") throw new Error("not created");
  return run;
}

const contents = async ({ id }: TrackedRun): Promise<RunContents> =>
  (await runs().whole(id))!.contents;

async function history({ seq }: TrackedRun, name: string): Promise<[number, number, number][]> {
  const key = (await trackedKeys(db.sql).known([name])).get(name)!;
  const points = await historyStore(db.sql).page(seq, key, undefined, 1_000_000);
  return points.map(({ timestamp, step, value }) => [timestamp, step, value]);
}

const entry = (run: TrackedRun, fields: Partial<RunEntry>): RunEntry => ({
  ...{ run: run.id, metrics: [], params: [], tags: [] },
  ...fields,
});

const point = (key: string, value: number, timestamp = 0, step = 0): LoggedPoint => ({
  ...{ key, value, timestamp, step },
});

/** As PostgreSQL orders doubles: NaN is the greatest and equal to itself. */
const byValue = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
};

describe("the log of runs", () => {
  test("latest is the greatest step, then timestamp, then value, in whatever order and groups points come", async () => {
    const small = fc.integer({ min: -2, max: 2 });
    const value = fc.oneof(
      small,
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324),
    );
    const points = fc.array(
      fc.record({ key: fc.constantFrom("a", "b"), value, timestamp: fc.nat(3), step: small }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(points, { minLength: 1, maxLength: 5 }), async (batches) => {
        const run = await newRun();
        await Promise.all(
          batches.map((metrics, i) =>
            (i % 2 === 0 ? log : otherLog).submit(entry(run, { metrics })),
          ),
        );
        const all = batches.flat();
        const expected = [...new Set(all.map(({ key }) => key))].map((key) =>
          all
            .filter((p) => p.key === key)
            .reduce((best, p) =>
              p.step - best.step || p.timestamp - best.timestamp || byValue(p.value, best.value)
                ? (p.step - best.step ||
                    p.timestamp - best.timestamp ||
                    byValue(p.value, best.value)) > 0
                  ? p
                  : best
                : best,
            ),
        );
        const { metrics } = await contents(run);
        const sorted = (list: readonly LoggedPoint[]) =>
          [...list].sort((a, b) => (a.key < b.key ? -1 : 1));
        expect(sorted(metrics)).toEqual(sorted(expected));
        for (const key of ["a", "b"]) {
          if (!all.some((p) => p.key === key)) continue;
          const distinct = new Map(
            all.filter((p) => p.key === key).map((p) => [`${p.timestamp} ${p.step} ${p.value}`, p]),
          );
          expect(await history(run, key)).toEqual(
            [...distinct.values()]
              .sort(
                (a, b) => a.timestamp - b.timestamp || a.step - b.step || byValue(a.value, b.value),
              )
              .map((p) => [p.timestamp, p.step, p.value]),
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  test("the same batch twice is the same as once", async () => {
    const run = await newRun();
    const batch = entry(run, {
      metrics: Array.from({ length: 500 }, (_, i) => point("loss", 1 / (i + 1), i, i)),
      params: [{ key: "lr", value: "0.1" }],
      tags: [{ key: "kind", value: "x" }],
    });
    for (const to of [log, log, otherLog])
      expect(await to.submit(batch)).toEqual({ outcome: "kept" });
    expect(await history(run, "loss")).toHaveLength(500);
    expect(await contents(run)).toMatchObject({
      metrics: [{ key: "loss", value: 1 / 500, step: 499 }],
      params: [{ key: "lr", value: "0.1" }],
    });
  });

  test("points above all this process wrote, but written by another already, are the same points", async () => {
    const run = await newRun();
    const upTo = (from: number, to: number) =>
      entry(run, {
        metrics: Array.from({ length: to - from }, (_, i) => point("both", i + from, 0, i + from)),
      });
    await log.submit(upTo(0, 10));
    await otherLog.submit(upTo(0, 30));
    const verdicts = await Promise.all([
      log.submit(upTo(5, 40)),
      log.submit(upTo(20, 50)),
      otherLog.submit(upTo(35, 60)),
      log.submit(upTo(0, 60)),
    ]);
    expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(["kept"]));
    expect(await history(run, "both")).toEqual(Array.from({ length: 60 }, (_, i) => [0, i, i]));
  });

  test("a param that has another value refuses the whole entry, and nobody else's", async () => {
    const run = await newRun();
    const other = await newRun();
    await log.submit(
      entry(run, {
        params: [
          { key: "p", value: "1" },
          { key: "q", value: "" },
        ],
      }),
    );
    const [refused, same, elsewhere] = await Promise.all([
      log.submit(
        entry(run, {
          metrics: [point("m", 1)],
          params: [
            { key: "new", value: "1" },
            { key: "q", value: "2" },
          ],
          tags: [{ key: "t", value: "1" }],
        }),
      ),
      log.submit(entry(run, { params: [{ key: "p", value: "1" }] })),
      log.submit(entry(other, { params: [{ key: "p", value: "2" }], metrics: [point("m", 2)] })),
    ]);
    expect(refused).toEqual({ outcome: "param changed", key: "q", kept: "", given: "2" });
    expect([same, elsewhere]).toEqual([{ outcome: "kept" }, { outcome: "kept" }]);
    expect(await contents(run)).toMatchObject({
      metrics: [],
      params: [{ key: "p" }, { key: "q" }],
      tags: [{ key: "mlflow.runName" }],
    });
    expect((await contents(other)).params).toEqual([{ key: "p", value: "2" }]);
  });

  test("of many who give one param different values at the same time exactly one wins", async () => {
    const run = await newRun();
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? log : otherLog).submit(
          entry(run, {
            params: [{ key: "raced", value: String(i) }],
            metrics: [point("who", i, i)],
          }),
        ),
      ),
    );
    const kept = verdicts.flatMap(({ outcome }, i) => (outcome === "kept" ? [i] : []));
    expect(kept).toHaveLength(1);
    expect((await contents(run)).params).toEqual([{ key: "raced", value: String(kept[0]) }]);
    expect(await history(run, "who")).toEqual([[kept[0], 0, kept[0]]]);
    for (const verdict of verdicts)
      if (verdict.outcome !== "kept")
        expect(verdict).toMatchObject({ outcome: "param changed", kept: String(kept[0]) });
  });

  test("a param raced in the database itself is seen by the next attempt", async () => {
    const run = await newRun();
    const key = (await trackedKeys(db.sql).numbers(["late"])).get("late");
    let verdict: Promise<unknown> = Promise.resolve();
    await second.transact(async (tx) => {
      await tx.query("insert into millwright.param (run, key, value) values ($1, $2, 'theirs')", [
        run.seq,
        key,
      ]);
      verdict = log.submit(
        entry(run, { params: [{ key: "late", value: "ours" }], metrics: [point("late", 1)] }),
      );
      // The statement now waits for this transaction, whose value it cannot see yet.
      await lockWaited(db.sql, "call as materialized");
    });
    expect(await verdict).toEqual({
      ...{ outcome: "param changed", key: "late", kept: "theirs", given: "ours" },
    });
    expect((await contents(run)).metrics).toEqual([]);
  });

  test("runs that are not there, or deleted, take nothing", async () => {
    const run = await newRun();
    await runs().delete(run.id, 5);
    const metrics = [point("m", 1)];
    const [deleted, missing, hostile] = await Promise.all([
      log.submit(entry(run, { metrics })),
      log.submit({ ...entry(run, { metrics }), run: "nobody" }),
      log.submit({ ...entry(run, { metrics }), run: "'; drop table millwright.metric; --" }),
    ]);
    expect(deleted).toEqual({ outcome: "deleted" });
    expect([missing, hostile]).toEqual([{ outcome: "no such run" }, { outcome: "no such run" }]);
    expect((await contents(run)).metrics).toEqual([]);
  });

  test("the last of equal tags counts; the name's tag is the name, and never empty", async () => {
    const run = await newRun();
    await log.submit(
      entry(run, {
        tags: [
          { key: "t", value: "1" },
          { key: "mlflow.runName", value: "first" },
          { key: "t", value: "2" },
          { key: "mlflow.runName", value: "ünïcode 名" },
        ],
      }),
    );
    await log.submit(entry(run, { tags: [{ key: "mlflow.runName", value: "" }] }));
    expect((await runs().get(run.id))?.name).toBe("ünïcode 名");
    expect(new Map((await contents(run)).tags.map(({ key, value }) => [key, value]))).toEqual(
      new Map([
        ["t", "2"],
        ["mlflow.runName", "ünïcode 名"],
      ]),
    );
  });

  test("a metric of a model is one of the model, too; of a model that is not there nothing is kept", async () => {
    const run = await newRun();
    await db.sql.query(
      `insert into millwright.logged_model (id, experiment, name, artifact_uri, status, created_at, updated_at)
       values ('m-1', $1, 'n', 'a', 'LOGGED_MODEL_READY', 0, 0)`,
      [experiment],
    );
    const of = (model: string, datasetName?: string) =>
      entry(run, {
        metrics: [{ ...point("acc", Number.NaN, 7, 3), model, datasetName }, point("x", 1)],
      });
    expect(await log.submit(of("m-1"))).toEqual({ outcome: "kept" });
    expect(await log.submit(of("m-1", "train"))).toEqual({ outcome: "kept" });
    expect(await log.submit(of("m-1", "train"))).toEqual({ outcome: "kept" });
    expect(await log.submit(of("m-2"))).toEqual({ outcome: "no such model", model: "m-2" });
    expect(
      await db.sql.query(
        "select model, run, key, timestamp, step, value, dataset_name from millwright.logged_model_metric order by dataset_name",
      ),
    ).toEqual(
      ["", "train"].map((dataset_name) => ({
        ...{
          model: "m-1",
          run: run.seq,
          key: "acc",
          timestamp: 7,
          step: 3,
          value: Number.NaN,
          dataset_name,
        },
      })),
    );
    expect(await history(run, "acc")).toEqual([[7, 3, Number.NaN]]);
  });

  test.each([1, 50])(
    "50 batches at once from two processes on %i runs, keys in opposite orders: all kept, none half",
    async (count) => {
      const targets = await Promise.all(Array.from({ length: count }, newRun));
      const names = Array.from({ length: 20 }, (_, i) => `storm${count}/${i}`);
      const batch = (n: number): RunEntry => {
        const order = n % 2 === 0 ? names : [...names].reverse();
        return entry(targets[n % count]!, {
          metrics: order.flatMap((key) => [point(key, n, n, n), point(key, -n, n, n)]),
          params: order.map((key) => ({ key, value: "same" })),
          tags: order.map((key) => ({ key, value: String(n) })),
        });
      };
      const verdicts = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          Promise.all([log, otherLog].map((to) => to.submit(batch(n)))),
        ),
      );
      expect(new Set(verdicts.flat().map(({ outcome }) => outcome))).toEqual(new Set(["kept"]));
      for (const [i, run] of targets.entries()) {
        const mine = Array.from({ length: 50 }, (_, n) => n).filter((n) => n % count === i);
        const { metrics, params, tags } = await contents(run);
        expect(metrics).toHaveLength(20);
        for (const { value, step } of metrics)
          expect([value, step]).toEqual([mine.at(-1), mine.at(-1)]);
        expect(params).toHaveLength(20);
        // Whichever batch was last, all of its tags are.
        expect(
          new Set(tags.filter(({ key }) => key !== "mlflow.runName").map((t) => t.value)).size,
        ).toBe(1);
        expect(await history(run, names[3]!)).toHaveLength(
          mine.reduce((sum, n) => sum + (n === 0 ? 1 : 2), 0),
        );
      }
    },
  );

  test("hundreds of callers use two connections", async () => {
    const run = await newRun();
    const calls = Array.from({ length: 400 }, (_, i) =>
      log.submit(entry(run, { metrics: [point("many", i, i, i)] })),
    );
    const [row] = await second.query<{ n: number }>(
      "select count(*) as n from pg_stat_activity where query like '%tracked_run%' and pid <> pg_backend_pid() and state <> 'idle'",
    );
    expect(row!.n).toBeLessThanOrEqual(2);
    await Promise.all(calls);
    expect(await history(run, "many")).toHaveLength(400);
  });
});
