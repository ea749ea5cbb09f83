import { afterAll, beforeAll, expect, test } from "vitest";
import type { Run, RunState } from "../../engine/engine.ts";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import { experimentStore } from "../experiments/store.ts";
import { trackedKeys } from "../keys/store.ts";
import { trackedRunStore } from "../runs/store.ts";
import { closeRuns } from "./close-runs.ts";
import { PARENT_TAG } from "./run-record.ts";
import { ownRunStore } from "./store.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.stop());

test("records of runs that are over are closed, once; those of others, and deleted ones, stay as they are", async () => {
  const runs = trackedRunStore(db.sql, trackedKeys(db.sql));
  const own = ownRunStore(db.sql, trackedKeys(db.sql));
  const experiment = (await experimentStore(db.sql, "mlflow-artifacts:/").create({
    ...{ name: "own", artifactLocation: undefined, tags: [], at: 0 },
  }))!;
  const create = (id: string, parent?: string) =>
    runs.create({
      ...{ id, experiment, name: id, userId: "", startTime: 1 },
      tags: parent === undefined ? [] : [{ key: PARENT_TAG, value: parent }],
    });
  for (const id of ["run_failed", "run_cancelled", "run_running", "run_deleted", "run_ended"])
    await create(id);
  await create("run_failed-tree", "run_failed");
  await create("0123456789abcdef");
  await runs.delete("run_deleted", 5);
  await runs.update("run_ended", { status: "FINISHED", endTime: 3, name: undefined });
  const get = async (id: string) =>
    ({ state: id.slice(4).replace("deleted", "failed") as RunState, finishedAt: 7 }) as Run;

  expect(await closeRuns({ engine: { get }, tracking: { own } })).toBe(3);
  expect(await closeRuns({ engine: { get }, tracking: { own } })).toBe(0);
  expect(await own.close("run_ended", "FAILED", 9)).toBe(false);
  const found = await db.sql.query<{ id: string; status: string; end_time: number | null }>(
    "select id, status, end_time from millwright.tracked_run order by seq",
  );
  expect(found.map(({ id, status, end_time }) => [id, status, end_time])).toEqual([
    ["run_failed", "FAILED", 7],
    ["run_cancelled", "KILLED", 7],
    ["run_running", "RUNNING", null],
    ["run_deleted", "RUNNING", null],
    ["run_ended", "FINISHED", 3],
    ["run_failed-tree", "FAILED", 7],
    ["0123456789abcdef", "RUNNING", null],
  ]);
});
