/** kill -9 while a batch is scored: of the worker at each point, of a CLI that works by itself, and of everything. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ScoreOutcome } from "../../src/pipelines/score.ts";
import type { Columns } from "../../src/storage/columns/columns.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { type Installation, installation, killNow, type Observer, until } from "./installation.ts";

const ROWS = 60_000;
let home: Installation;
let observer: Observer;
let columns: Columns;
let version: string;
let batches = 0;

beforeAll(async () => {
  home = await installation(1);
  await home.up();
  observer = await home.observe();
  columns = await duckdbColumns({ scratch: join(home.folder, "own-scratch") });
  const run = await observer.engine.submit("train", { model: "mail0", reason: "crash test" });
  version = (await observer.engine.wait<{ version: string }>(run)).version;
});
afterAll(async () => {
  await columns?.close();
  await observer?.close();
  await home?.remove();
});

/** Real mails again and again, each row with an id of its own. */
function source(): { name: string; ids: string[] } {
  const [head, ...rows] = readFileSync(join(home.folder, "mail0.csv"), "utf8").trim().split("\n");
  const name = `batch-${batches++}.csv`;
  const ids = Array.from({ length: ROWS }, (_, i) => `${batches}-${i}`);
  const lines = ids.map((id, i) => rows[i % rows.length]!.replace(/^[^,]*/, id));
  writeFileSync(join(home.folder, name), `${head}\n${lines.join("\n")}\n`);
  return { name, ids };
}

const ask = async (name: string) => {
  const out = join(home.folder, name.replace(".csv", ".parquet"));
  const input = { model: "mail0", version, source: name, folder: home.folder, out };
  const forward = { to: `people-${name}`, capacity: "40/hour" };
  return { out, run: await observer.engine.submit("score", { ...input, forward }) };
};

async function expectOnce(out: string, ids: readonly string[]): Promise<void> {
  const id = (await columns.readTable(out, { columns: ["message_id"] })).columns.get("message_id");
  expect(id?.type === "string" && [...id.codes].map((code) => id.dictionary[code])).toEqual(ids);
  const list = await columns.describe(out.replace(".parquet", ".forwarded.parquet"));
  expect(list.rows).toBe(40);
  expect(readdirSync(home.folder).filter((name) => name.includes(".partial"))).toEqual([]);
}

test.each([
  "score:part-written",
  "score:part-kept",
  "score:before-write",
  "before-journal/score",
  "before-journal/write",
  "before-journal/forward",
])("the worker dies at %s: every row is scored once, and 40 are handed on", async (point) => {
  const { name, ids } = source();
  home.dieAt(point);
  const { out, run } = await ask(name);
  const done = await observer.engine.wait<ScoreOutcome>(run);
  expect(home.diedThere()).toBe(true);
  expect([done.rows, done.rejected, done.forwarded?.rows]).toEqual([ROWS, 0, 40]);
  await expectOnce(out, ids);
  const rows = await observer.sql.query(
    "select row_id from millwright.forwarded_row where run = $1",
    [run],
  );
  expect(rows.length).toBe(40);
});

test("the worker is killed again and again at any moment", async () => {
  const { name, ids } = source();
  const { out, run } = await ask(name);
  for (let kills = 0; kills < 3; kills++) {
    await until(async () => {
      const { worker } = home.parts();
      const now = await observer.engine.get(run);
      return worker !== undefined && (now?.state === "running" || now?.finishedAt !== undefined);
    });
    await pause(300 + 250 * kills);
    const { worker } = home.parts();
    if (worker) killNow(worker);
  }
  expect((await observer.engine.wait<ScoreOutcome>(run)).rows).toBe(ROWS);
  await expectOnce(out, ids);
});

test("a command that is killed leaves its run to the worker", async () => {
  const { name, ids } = source();
  const out = join(home.folder, "by-command.parquet");
  const args = ["score", "mail0", join(home.folder, name), "-o", out, "--capacity", "40/hour"];
  const child = spawn(process.execPath, ["dist/main.js", ...args, "--project", home.folder], {
    stdio: "ignore",
  });
  const latest = async () => (await observer.engine.list({ pipeline: "score", limit: 1 }))[0]!;
  await until(async () => JSON.stringify((await latest()).input).includes(name));
  child.kill("SIGKILL");
  const run = await latest();
  expect((await observer.engine.wait<ScoreOutcome>(run.id)).rows).toBe(ROWS);
  await expectOnce(out, ids);
});

/** A batch that was cancelled when a part of it was done. One that was over first does not count. */
async function cancelledInside(): Promise<{ name: string; ids: string[]; out: string }> {
  for (;;) {
    const { name, ids } = source();
    const { out, run } = await ask(name);
    await until(async () => {
      const [row] = await observer.sql.query<{ count: number }>(
        "select count(*) as count from millwright.score_part p join millwright.score_batch b on b.id = p.batch where p.runner = $1 and p.finished_at is not null",
        [run],
      );
      return row!.count > 0;
    });
    await observer.engine.cancel(run).catch(() => undefined);
    const over = await observer.engine.wait(run).then(
      () => "succeeded",
      (error: Error) => error.message,
    );
    if (over === "succeeded") continue;
    expect(over).toMatch(/cancelled/);
    return { name, ids, out };
  }
}

test("a cancelled batch ends, writes nothing, and is taken up by the next that asks", async () => {
  const { name, ids, out } = await cancelledInside();
  expect(existsSync(out)).toBe(false);
  const next = await ask(name);
  const done = await observer.engine.wait<ScoreOutcome>(next.run);
  expect(done.partsFound).toBeGreaterThan(0);
  await expectOnce(out, ids);
  rmSync(out);
});
