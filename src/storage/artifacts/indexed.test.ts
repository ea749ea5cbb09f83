import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOf } from "../../lib/digest.ts";
import { artifactsContract } from "../../testing/artifacts-contract.ts";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import { fileBlobs } from "../blobs/files.ts";
import { indexedArtifacts } from "./indexed.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.stop());

let n = 0;
const open = async () => {
  await database.sql.query("truncate millwright.artifact, millwright.artifact_garbage");
  return indexedArtifacts({
    sql: database.sql,
    blobs: fileBlobs(join(database.folder, `b${n++}`)),
  });
};

artifactsContract("blobs and an index", { open, longNames: true });

async function* of(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

const garbage = async () =>
  (
    await database.sql.query<{ digest: string }>(
      "select digest from millwright.artifact_garbage order by digest",
    )
  ).map((row) => row.digest);

test("what nothing refers to any more is remembered as garbage, whichever way it went", async () => {
  const artifacts = await open();
  await artifacts.write("a", of("1"));
  expect(await garbage()).toEqual([]);
  await artifacts.write("a", of("2"));
  expect(await garbage()).toEqual([digestOf("1")]);
  await artifacts.write("f/b", of("3"));
  await artifacts.remove("f");
  await database.sql.query("delete from millwright.artifact where path = 'a'");
  expect(await garbage()).toEqual([digestOf("1"), digestOf("2"), digestOf("3")].sort());
});

test("equal files are kept once", async () => {
  await database.sql.query("truncate millwright.artifact");
  const folder = join(database.folder, "once");
  mkdirSync(folder);
  const artifacts = indexedArtifacts({ sql: database.sql, blobs: fileBlobs(folder) });
  for (let i = 0; i < 5; i++) await artifacts.write(`run-${i}/conda.yaml`, of("name: mlflow-env"));
  const blobs = readdirSync(folder, { recursive: true, withFileTypes: true });
  expect(blobs.filter((entry) => entry.isFile())).toHaveLength(1);
});

test("a folder is listed by its index, whatever lies below", async () => {
  const plan = await database.sql.transact(async (tx) => {
    await tx.query("set local enable_seqscan = off");
    return tx.query<{ "QUERY PLAN": string }>(
      "explain select * from millwright.artifact where parent = '3' and key > '' order by key limit 10",
    );
  });
  expect(plan.map((row) => row["QUERY PLAN"]).join("\n")).toMatch(
    /Index Scan using artifact_parent/,
  );
});

test("two who drop folders with the same files do not block each other", async () => {
  const artifacts = await open();
  for (const folder of ["x", "y"])
    for (let i = 0; i < 20; i++)
      await artifacts.write(`${folder}/${folder === "x" ? i : 19 - i}`, of(String(i)));
  for (const _ of [1, 2]) {
    const gone = await Promise.all([artifacts.remove("x"), artifacts.remove("y")]);
    expect(gone.map(({ files }) => files)).toContain(_ === 1 ? 20 : 0);
  }
});
