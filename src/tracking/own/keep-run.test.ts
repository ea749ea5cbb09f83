import { setImmediate as endOfTurn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sql } from "../../storage/sql/sql.ts";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import { quietLog } from "../../testing/quiet-log.ts";
import { experimentStore } from "../experiments/store.ts";
import { trackedKeys } from "../keys/store.ts";
import { inputStore } from "../runs/inputs/store.ts";
import { runLog } from "../runs/log/store.ts";
import { trackedRunStore } from "../runs/store.ts";
import { keepRuns, type OwnTracking } from "./keep-run.ts";
import { PARENT_TAG, pairs, type RunRecord } from "./run-record.ts";
import { ownRunStore } from "./store.ts";

let db: TestDatabase;
let statements = 0;
let tracking: OwnTracking;
beforeAll(async () => {
  db = await testDatabase();
  const counting: Sql = {
    ...db.sql,
    query: (...given) => {
      statements++;
      return db.sql.query(...given);
    },
  };
  const keys = trackedKeys(counting);
  tracking = {
    experiments: experimentStore(counting, "mlflow-artifacts:/"),
    runs: trackedRunStore(counting, keys),
    runLog: runLog(counting, keys, endOfTurn),
    inputs: inputStore(counting),
    own: ownRunStore(counting, keys),
  };
});
afterAll(() => db.stop());

const trials = (parent: string): RunRecord[] =>
  Array.from({ length: 100 }, (_, i) => ({
    ...{
      id: `${parent}-gbdt-${i}`,
      name: `gbdt-${i}`,
      experiment: "churn",
      user: "me",
      startTime: 1,
    },
    params: pairs({ candidate: `gbdt-${i}`, trainer: "gbdt", depth: i }),
    tags: pairs({ [PARENT_TAG]: parent }),
    metrics: [0, 1, 2].map((step) => ({ key: "auc", value: i / 100, timestamp: 5, step })),
    ended: { status: i === 7 ? "FAILED" : "FINISHED", at: 9 },
  }));

test("a hundred trials are kept in a few statements, and the same again changes nothing", async () => {
  const deps = { tracking, log: quietLog() };
  statements = 0;
  await keepRuns(deps, trials("run_a"));
  expect(statements).toBeLessThan(25);
  const whole = async (id: string) => (await tracking.runs.whole(id))!;
  const before = await whole("run_a-gbdt-42");
  expect(before.run).toMatchObject({
    name: "gbdt-42",
    status: "FINISHED",
    endTime: 9,
    userId: "me",
  });
  expect(before.contents.params).toContainEqual({ key: "depth", value: "42" });
  expect(before.contents.tags).toContainEqual({ key: "mlflow.runName", value: "gbdt-42" });
  expect(before.contents.metrics).toMatchObject([{ key: "auc", value: 0.42, step: 2 }]);
  expect((await whole("run_a-gbdt-7")).run.status).toBe("FAILED");

  await tracking.runs.delete("run_a-gbdt-3", 10);
  await keepRuns(deps, [
    ...trials("run_a"),
    { ...trials("run_a")[3]!, tags: pairs({ late: "yes" }) },
  ]);
  expect(await whole("run_a-gbdt-42")).toEqual(before);
  const deleted = await whole("run_a-gbdt-3");
  expect(deleted.run.lifecycleStage).toBe("deleted");
  expect(deleted.contents.tags.map(({ key }) => key)).not.toContain("late");
  await keepRuns(deps, []);
});
