import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DBOSExecutor } from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { dbosEngine } from "./dbos.ts";
import type { Engine, Pipeline } from "./engine.ts";

const log = quietLog();
let db: TestDatabase;
let engine: Engine;

/** Opened by a test when it has done what should happen meanwhile. */
let open: () => void = () => {};
let gate: Promise<void>;
const close = () => {
  gate = new Promise((resolve) => {
    open = resolve;
  });
};
const until = async (claim: () => Promise<boolean>) => {
  while (!(await claim())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const count = async (table: string, id: string) => {
  const column = table === "millwright.run_step" ? "run_id" : "workflow_uuid";
  const [row] = await db.sql.query<{ n: number }>(
    `select count(*) as n from ${table} where ${column} = $1`,
    [id],
  );
  return row!.n;
};
const takenOver = (id: string) =>
  db.sql.query(
    "update millwright_dbos.workflow_status set owner_xid = 'another' where workflow_uuid = $1",
    [id],
  );

beforeAll(async () => {
  db = await testDatabase();
  engine = dbosEngine({ url: db.url, sql: db.sql, log });
  const pipelines: Pipeline[] = [
    {
      name: "steps",
      async run(steps) {
        const both = await Promise.all([
          steps.step("number", async () => 7),
          steps.step("nothing", async () => undefined),
        ]);
        const fails = steps.step("fails", async () => {
          throw new MillwrightError("invalid_data", "no good");
        });
        await fails.catch(() => {});
        return both;
      },
    },
    {
      name: "gate in a step",
      run: (steps) => steps.step("wait", () => gate),
    },
    {
      name: "gate after a step",
      async run(steps) {
        await steps.step("before", async () => 1);
        await gate;
        return "end";
      },
    },
    {
      name: "leaves a step",
      async run(steps) {
        steps.step("left", () => gate).catch(() => {});
        await steps.step("done", async () => 1);
        return "end";
      },
    },
    { name: "unkeepable", run: async () => "a\u0000b" },
  ];
  for (const pipeline of pipelines) engine.register(pipeline);
  await engine.start({ work: true, concurrency: 4 });
});
afterAll(async () => {
  await engine?.stop();
  await db?.stop();
});

test("this is the DBOS whose writes are imitated", () => {
  const folder = dirname(createRequire(import.meta.url).resolve("@dbos-inc/dbos-sdk"));
  const digests = ["system_database.js", "dbos-executor.js"].map((file) =>
    createHash("sha256")
      .update(readFileSync(join(folder, file)))
      .digest("hex")
      .slice(0, 16),
  );
  // Another one: compare with shared-journal.ts, claim.ts and submit.ts what it writes, then put its digests here.
  expect(digests).toEqual(["fb56b0dd3f631207", "abbe138832e0bbd3"]);
});

test("the journal holds what DBOS itself would have written", async () => {
  const entries = async () => {
    const id = await engine.submit("steps", null);
    await until(async () => {
      const [row] = await db.sql.query<{ status: string }>(
        "select status from millwright_dbos.workflow_status where workflow_uuid = $1",
        [id],
      );
      return row?.status === "SUCCESS";
    });
    const tables = ["workflow_status", "workflow_output", "operation_outputs"];
    const rows = await Promise.all(
      tables.map((table) =>
        db.sql.query<{ row: Record<string, unknown> }>(
          `select to_jsonb(t) as row from millwright_dbos.${table} t where workflow_uuid = $1 order by to_jsonb(t)->'function_id'`,
          [id],
        ),
      ),
    );
    // Times and ids differ; that they are there must not.
    const differs = /_at$|_ms$|_timestamp$|^workflow_uuid$/;
    return rows
      .flat()
      .map(({ row }) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [
            key,
            differs.test(key) ? value !== null : value,
          ]),
        ),
      );
  };
  const ours = await entries();
  expect(ours).toHaveLength(2 + 3);
  const database = DBOSExecutor.globalInstance!.systemDatabase as unknown as Record<
    string,
    unknown
  >;
  const replaced = Object.entries(database).filter(([, value]) => typeof value === "function");
  for (const [name] of replaced) delete database[name];
  try {
    expect(replaced.map(([name]) => name)).toContain("recordOperationResult");
    expect(await entries()).toEqual(ours);
  } finally {
    Object.assign(database, Object.fromEntries(replaced));
  }
});

test("who has lost a run in the middle of a step records neither step nor end", async () => {
  close();
  const id = await engine.submit("gate in a step", null);
  await until(async () => (await count("millwright.run_step", id)) === 1);
  await takenOver(id);
  open();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await count("millwright_dbos.operation_outputs", id)).toBe(0);
  expect((await engine.steps(id))[0]).toMatchObject({ state: "running" });
  expect(await engine.get(id)).toMatchObject({ state: "running" });
});

test("who has lost a run after its last step does not end it", async () => {
  close();
  const id = await engine.submit("gate after a step", null);
  await until(async () => (await count("millwright_dbos.operation_outputs", id)) === 1);
  await takenOver(id);
  open();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await count("millwright_dbos.workflow_output", id)).toBe(0);
  expect(await engine.get(id)).toMatchObject({ state: "running" });
});

test("a run whose result cannot be kept fails and says so", async () => {
  const id = await engine.submit("unkeepable", null);
  await expect(engine.wait(id)).rejects.toThrow(/result could not be kept/);
});

test("a step that a run leaves behind at its end is shown as cancelled", async () => {
  close();
  const id = await engine.submit("leaves a step", null);
  expect(await engine.wait(id)).toBe("end");
  expect(await engine.steps(id)).toMatchObject([
    { name: "left", state: "cancelled" },
    { name: "done", state: "succeeded" },
  ]);
  open();
});
