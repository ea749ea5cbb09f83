import { afterAll, beforeAll, expect, test } from "vitest";
import { registryStore } from "../registry/store.ts";
import { servingStore } from "../serving/store.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { someVersion } from "../testing/memory-stores.ts";
import { dropChallenger } from "./drop-challenger.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.stop());

test("the routes are locked before the event log is: who changes another route does the same", async () => {
  const change = { model: "mail", reason: "a test", verdict: undefined, runId: undefined, at: 1 };
  const registry = registryStore(db.sql);
  const { id: version } = await registry.add(someVersion("a"));
  await registry.move({ ...change, alias: "challenger", version, previous: undefined });
  const free: unknown[] = [];
  await db.sql.transact((tx) => {
    const stores = { registry: registryStore(tx), serving: servingStore(tx) };
    const announce = async () => {
      const look = "select pg_try_advisory_xact_lock(hashtext('millwright.route')) as free";
      free.push(...(await db.sql.query(look)));
    };
    return dropChallenger({ ...stores, announce }, change);
  });
  expect(free).toEqual([{ free: false }]);
  expect(await registry.alias("mail", "challenger")).toBeUndefined();
});
