import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { journalRoot } from "../../src/gateway/prediction-log.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { newId } from "../../src/lib/ids.ts";
import { random } from "../../src/lib/random.ts";
import { logStore } from "../../src/serving/log/store.ts";
import type { LogRecord } from "../../src/serving/prediction.ts";
import { readLog } from "../../src/serving/read-log.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { openJournal } from "../../src/storage/journal/journal.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const program = join(here, `../../node_modules/.cache/millwright/log-${process.pid}.mjs`);
const DAY = 86_400_000;
/** Everywhere a step is done and the next is not. */
const POINTS = ["ship:kept", "ship:committed", "rewrite:kept", "rewrite:replaced"];
const ROUNDS = 3;
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
  await build({
    entryPoints: [join(here, "log-process.ts")],
    outfile: program,
    ...{ bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error" },
  });
});
afterAll(async () => {
  await db?.stop();
  rmSync(program, { force: true });
});

test("killed while it ships, erases, expires and joins, again and again, and two at once: what may stay is there once, the rest is gone", async () => {
  const folder = join(db.folder, "log");
  mkdirSync(folder);
  const rng = random("log-crash");
  const now = Date.now();
  const cutoff = now - 30 * DAY;
  const wanted = new Map<string, string | undefined>();
  const run = (env: Record<string, string>) => {
    const args = [program, db.url, folder, String(cutoff), "gone"];
    return spawn(process.execPath, args, { stdio: "inherit", env: { ...process.env, ...env } });
  };
  let deaths = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const journal = await openJournal(journalRoot(folder));
    for (let segment = 0; segment < 4; segment++) {
      const records: LogRecord[] = [];
      for (let i = 0; i < 40; i++) {
        const model = i % 3 === 0 ? "old" : "kept";
        const at = now - (segment === 0 ? 40 : 2) * DAY + rng.int(DAY);
        const key = rng.next() < 0.2 ? "gone" : `k${i}`;
        const id = newId("pred", at, () => rng.next());
        const label = rng.next() < 0.3 ? "yes" : undefined;
        records.push({
          ...{ kind: "prediction", id, model, version: digestOf("1"), variant: "champion", at },
          ...{ eventTime: at, key, inputs: { i }, output: [0.5], label: "no", latencyMs: 1 },
        });
        if (label) records.push({ kind: "feedback", id, model, at: now, label });
        if (model === "kept" || (at >= cutoff && key !== "gone")) wanted.set(id, label);
      }
      await journal.append(records.map((record) => JSON.stringify(record)));
      await journal.rotate();
    }
    await journal.close();
    for (const point of POINTS) {
      // A second one is at it, too, and is killed at any moment.
      const other = run({});
      const [one] = [run({ MILLWRIGHT_CRASH_AT: `${point}:${1 + rng.int(3)}` })];
      const [[, signal]] = await Promise.all([
        once(one, "exit"),
        pause(200 + rng.int(900)).then(() => {
          const ended = other.exitCode !== null || other.signalCode !== null;
          if (ended) return;
          other.kill("SIGKILL");
          return once(other, "exit");
        }),
      ]);
      if (signal === "SIGKILL") deaths++;
    }
  }
  // Whatever the last one left is taken up by the next; what is unused goes with the one after.
  for (let i = 0; i < 2; i++) expect(await once(run({}), "exit")).toEqual([0, null]);
  expect(deaths).toBeGreaterThan(ROUNDS);

  const columns = await duckdbColumns({ scratch: join(folder, "scratch-of-test") });
  const blobs = fileBlobs(join(folder, "blobs"));
  const journals = journalsIn(journalRoot(folder));
  const store = logStore(db.sql);
  const read = (model: string) =>
    readLog({ journals, columns, blobs, store }, { model, from: 0, to: 1e15 });
  const found = [...(await read("old")), ...(await read("kept"))];
  const truths = found.map(({ id, truth }) => [id, truth?.label] as const);
  expect(new Map(truths)).toEqual(wanted);
  expect(found).toHaveLength(wanted.size);
  expect(await journals.list()).toEqual([]);

  // Every file on disk is one that a segment refers to.
  const rows = await db.sql.query<{ data: string; profile: string }>(
    "select data, profile from millwright.prediction_segment where data is not null",
  );
  const referred = new Set(rows.flatMap(({ data, profile }) => [data, profile]));
  const files = readdirSync(join(folder, "blobs"), { recursive: true, encoding: "utf8" })
    .filter((name) => /^[0-9a-f]{2}.[0-9a-f]{62}$/.test(name))
    .map((name) => `sha256:${name.slice(0, 2)}${name.slice(3)}`);
  expect(files.filter((digest) => !referred.has(digest))).toEqual([]);
  await columns.close();
});
