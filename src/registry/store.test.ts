import { afterAll, beforeAll, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { someVersion } from "../testing/memory-stores.ts";
import { type RegistryStore, registryStore } from "./store.ts";

let database: TestDatabase;
let registry: RegistryStore;
const digest = (start: string) => `sha256:${start.padEnd(64, "0")}` as Digest;
beforeAll(async () => {
  database = await testDatabase();
  registry = registryStore(database.sql);
  // Version 2's digest begins with 1, version 3's with 2.
  for (const start of ["abcd12", "1fff", "2222ab"])
    await registry.add({ ...someVersion("a"), id: digest(start) });
});
afterAll(() => database.stop());

const numbered = async (name: string) => (await registry.find("mail", name))?.number;

test("a list is without the columns, which may carry whole vocabularies; a version alone has them", async () => {
  const [newest] = await registry.versions("mail");
  const whole = await registry.get(newest!.id);
  const { columns, graph: _, ...signature } = whole!.signature;
  expect(columns.length).toBeGreaterThan(0);
  expect(newest).toEqual({ ...whole, signature });
});

test("a version's number is never taken for the beginning of another one's digest", async () => {
  expect(await numbered("1")).toBe(1);
  expect(await numbered("v2")).toBe(2);
  expect(await numbered("2222")).toBeUndefined();
});

test("a version is found by the beginning of its digest, with or without its prefix", async () => {
  expect(await numbered("2222ab")).toBe(3);
  expect(await numbered("sha256:abcd")).toBe(1);
});

test("a name that says too little finds nothing", async () => {
  for (const name of ["", "sha256:", "abc", "champion", "nonsense", "%"])
    expect(await numbered(name)).toBeUndefined();
});

test("the same version again keeps its number; another model counts for itself", async () => {
  const again = await registry.add({ ...someVersion("a"), id: digest("1fff") });
  expect(again.number).toBe(2);
  const other = await registry.add({ ...someVersion("b"), model: "other" });
  expect(other.number).toBe(1);
});

test("moves that lock their model come one after the other", async () => {
  const champions = [digest("abcd12"), digest("1fff"), digest("2222ab")];
  await Promise.all(
    champions.map((version) =>
      database.sql.transact(async (tx) => {
        const own = registryStore(tx);
        await own.lock("mail");
        const previous = await own.alias("mail", "champion");
        const about = { reason: "a test", verdict: undefined, runId: undefined, at: 1 };
        await own.move({ model: "mail", alias: "champion", version, previous, ...about });
      }),
    ),
  );
  const moves = (await registry.moves("mail", "champion")).reverse();
  expect(moves.map(({ previous }) => previous)).toEqual([
    undefined,
    ...moves.slice(0, -1).map(({ version }) => version),
  ]);
});
