import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { claimRuns } from "./claim.ts";
import { dbosEngine } from "./dbos.ts";
import type { Engine } from "./engine.ts";
import { placed } from "./placing.ts";
import { submitRuns } from "./submit.ts";

let db: TestDatabase;
let observer: Engine;

beforeAll(async () => {
  db = await testDatabase();
  observer = dbosEngine({ url: db.url, sql: db.sql, log: quietLog() });
  await observer.start({ work: false });
});
afterAll(async () => {
  await observer?.stop();
  await db?.stop();
});

const submit = (name: string, count: number) =>
  submitRuns(
    db.sql,
    Array.from({ length: count }, (_, i) => ({
      ...{ id: `${name}_${i}`, pipeline: "any", input: i, placed: placed({ queue: "long" }) },
    })),
  );

test("a claim from a queue that is long since the last statistics reads few of its runs", async () => {
  await submit("before", 500);
  await db.sql.query("update millwright_dbos.workflow_status set status = 'SUCCESS'");
  await db.sql.query("update millwright.run set state = 'succeeded'");
  await db.sql.query("analyze millwright_dbos.workflow_status, millwright.run");
  await submit("long", 3000);
  const machine = { cpu: 2, memory: 1e9, gpu: 0 };
  const { claimed, read } = await db.sql.transact(async (tx) => {
    const soFar = async () => {
      const [row] = await tx.query<{ read: number }>(
        "select sum(seq_tup_read + idx_tup_fetch) as read from pg_stat_xact_user_tables where relname in ('workflow_status', 'run')",
      );
      return row!.read;
    };
    const before = await soFar();
    const claimed = await claimRuns(tx, {
      ...{ queues: ["long"], inOrder: false, executorId: "me", token: "mine", places: 8 },
      ...{ has: machine, free: machine, running: () => 0, limits: () => undefined },
      ...{ cursors: new Map(), served: new Map() },
    });
    return { claimed, read: (await soFar()) - before };
  });
  expect(claimed).toHaveLength(8);
  expect(claimed[0]).toMatchObject({
    ...{ id: "long_0", queue: "long", nth: 1, journaled: -1 },
    run: { id: "long_0", state: "running", input: 0 },
  });
  expect(read).toBeLessThan(20 * 8);
});
