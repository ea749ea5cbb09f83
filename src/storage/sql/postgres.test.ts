import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import { quietLog } from "../../testing/quiet-log.ts";
import { migrate, shippedMigrations } from "../migrate.ts";
import { keepPostgres } from "./keep-postgres.ts";
import { postgres } from "./postgres.ts";

const log = quietLog();
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.stop());

describe("sql", () => {
  test("big integers, sums and times come back as numbers", async () => {
    const [row] = await db.sql.query<Record<string, unknown>>(
      `select count(*) as n, sum(x) as s, 1.5::numeric as d, '2026-11-21T04:00:00+01'::timestamptz as t,
              '2026-02-03'::date as day, '{"a":[1]}'::jsonb as j from (values (1::bigint), (2)) v(x)`,
    );
    expect(row).toEqual({
      n: 2,
      s: 3,
      d: 1.5,
      t: Date.UTC(2026, 10, 21, 3),
      day: "2026-02-03",
      j: { a: [1] },
    });
    await expect(db.sql.query("select 9007199254740993::bigint as x")).rejects.toThrow(/2\^53/);
  });

  test("a transaction that throws leaves nothing; a nested one rolls back alone", async () => {
    await db.sql.query("create table t (n integer primary key)");
    await expect(
      db.sql.transact(async (tx) => {
        await tx.query("insert into t values (1)");
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await db.sql.transact(async (tx) => {
      await tx.query("insert into t values (2)");
      await tx
        .transact((inner) => inner.query("insert into t values (2)"))
        .catch((error) => expect(error).toMatchObject({ code: "conflict" }));
      await tx.query("insert into t values (3)");
    });
    expect(await db.sql.query("select n from t order by n")).toEqual([{ n: 2 }, { n: 3 }]);
  });

  test("a database that was killed is waited for, and the pool recovers", async () => {
    const kept = await keepPostgres({ dataDir: db.dataDir, log });
    await Promise.all([1, 2, 3].map(() => db.sql.query("select pg_sleep(0.01)")));
    const { pid } = kept;
    process.kill(pid, "SIGKILL");
    // Backends outlive their postmaster for a moment and may still answer.
    while (kept.pid === pid) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await db.sql.query("select count(*) as n from t")).toEqual([{ n: 2 }]);
    await db.sql.transact((tx) => tx.query("insert into t values (4)"));
    await kept.release();
  });

  test("nobody listening is unavailable, with what to do; a wrong password is a matter of configuration", async () => {
    const nobody = postgres("postgres://postgres:x@127.0.0.1:1/x", { log, waitMs: 100 });
    await expect(nobody.query("select 1")).rejects.toMatchObject({ code: "unavailable" });
    await nobody.close();
    const wrong = postgres(db.url.replace(/:[^:@]+@/, ":wrong@"), { log });
    await expect(wrong.query("select 1")).rejects.toMatchObject({ code: "invalid_config" });
    await wrong.close();
  });
});

describe("migrations", () => {
  test("several processes at once apply each migration once", async () => {
    const more = [
      ...shippedMigrations(),
      { name: "9001_x", text: "create table millwright.x (a int)" },
    ];
    const all = await Promise.all([1, 2, 3].map(() => migrate(db.sql, { log, migrations: more })));
    expect(all.flat()).toEqual(["9001_x"]);
  });

  test("a database of a newer program is refused", async () => {
    await expect(migrate(db.sql, { log })).rejects.toThrow(/newer Millwright \(it has 9001_x/);
  });

  test("an edited migration is refused; a failing one leaves nothing behind", async () => {
    const edited = [...shippedMigrations(), { name: "9001_x", text: "select 1" }];
    await expect(migrate(db.sql, { log, migrations: edited })).rejects.toThrow(/edited/);
    const failing = [
      ...shippedMigrations(),
      { name: "9001_x", text: "create table millwright.x (a int)" },
      { name: "9002_y", text: "create table millwright.y (a int); select 1 / 0" },
    ];
    await expect(migrate(db.sql, { log, migrations: failing })).rejects.toThrow(/division by zero/);
    expect(await db.sql.query("select to_regclass('millwright.y') as y")).toEqual([{ y: null }]);
  });
});
