/** Members that are trained again: the version in service stays where it is shown to be better on rows that neither knows. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FamilyOutcome } from "../../src/pipelines/train-family.ts";
import { shops } from "../../src/testing/shops.ts";
import { type ShopsPlatform, shopsPlatform } from "./shops-platform.ts";

let shop: ShopsPlatform;
beforeAll(async () => {
  shop = await shopsPlatform();
  await shop.run("train", { reason: "a test" });
});
afterAll(() => shop?.close());

/** So many days of orders are added to the data. */
const later = (from: number, days: number, odd: readonly string[], rows: number) => {
  const text = shops({ ...{ from, days, odd, rows }, seed: `from ${from}` });
  appendFileSync(join(shop.folder, "orders.csv"), text.slice(text.indexOf("\n") + 1));
};
const member = (name: string) => shop.look.member({ model: "returns", member: `returns.${name}` });

test("a passing change that only the new version knows leaves the old one in service", async () => {
  const [a2, c1] = [await member("a2"), await member("c1")];
  // For a while a2 is like the others; then it is again what the first version learned.
  later(100, 30, ["c1"], 400);
  later(130, 70, ["a2", "a4", "c1"], 400);
  const done = await shop.run<FamilyOutcome>("train-family", { reason: "a test" });
  expect(done.stayed).toBeGreaterThanOrEqual(1);
  const now = await member("a2");
  expect(now.version).toEqual(a2.version);
  expect(now.reason).toMatch(
    /^training 2: the new one did worse: loss .* of version 1 on \d+ test rows later .*p = /,
  );
  expect(now.trainedAt).toBe(a2.trainedAt);
  // What has not changed is learned from more.
  const other = await member("c1");
  expect(other.version!.number).toBe(c1.version!.number + 1);
  expect(other.reason).toMatch(/^took the place of version 1: loss .* test rows later/);
  const routes = await shop.platform.serving.routesOf(["returns.a2", "returns.c1"]);
  expect(routes.map(({ champion }) => champion!.number)).toEqual([1, 2]);
});

test("trained again on the same rows nothing is compared, and nothing changes", async () => {
  const before = await member("c1");
  const again = await shop.run<FamilyOutcome>("train-family", {
    ...{ members: ["returns.c1"], reason: "a test" },
  });
  expect(again).toMatchObject({ changed: 0, stayed: 0 });
  expect(await member("c1")).toMatchObject({ version: before.version, reason: before.reason });
});
