import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import type { Blobs } from "../blobs/blobs.ts";
import { fileBlobs } from "../blobs/files.ts";
import { collectOrphans } from "./collect-orphans.ts";

let db: TestDatabase;
let blobs: Blobs;
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

beforeAll(async () => {
  db = await testDatabase();
  blobs = fileBlobs(join(db.folder, "blobs"));
});
afterAll(() => db?.stop());

test("what nothing names goes; what tables, journals and their documents name stays, and so do young ones", async () => {
  const leaf = await blobs.put(text("leaf"));
  const document = await blobs.put(text({ weights: leaf }));
  const inRow = await blobs.put(text({ of: document }));
  const inJournal = await blobs.put(text("journal"));
  const orphan = await blobs.put(text("orphan"));
  const namedByOrphan = await blobs.put(text([orphan]));
  await db.sql.query(
    `insert into millwright.run (id, pipeline, state, input, output) values ('r', 'p', 'succeeded', '{}', $1)`,
    [JSON.stringify({ model: { report: inRow } })],
  );
  await db.sql.query("create schema journal");
  await db.sql.query("create table journal.outputs (output text)");
  await db.sql.query("insert into journal.outputs values ($1)", [`{"json":{"a":"${inJournal}"}}`]);
  const schemas = ["millwright", "journal"];
  const now = Date.now();
  const collect = (before: number, dryRun = false) =>
    collectOrphans({ sql: db.sql, blobs }, { schemas, before, dryRun });

  expect(await collect(now + 60_000, true)).toEqual({ blobs: 6, unnamed: 2, removed: 0 });
  expect(await collect(now - 3_600_000)).toEqual({ blobs: 6, unnamed: 2, removed: 0 });
  expect(await collect(now + 60_000)).toEqual({ blobs: 6, unnamed: 2, removed: 2 });
  for (const kept of [leaf, document, inRow, inJournal]) expect(await blobs.has(kept)).toBe(true);
  for (const gone of [orphan, namedByOrphan]) expect(await blobs.has(gone)).toBe(false);
  expect(await collect(now + 60_000)).toEqual({ blobs: 4, unnamed: 0, removed: 0 });
});
