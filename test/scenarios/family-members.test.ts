/** One member at a time: made again from its record, found by its name, and asked why it said what it said. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trying } from "../../sdk/src/contract/trying.ts";
import { client } from "../../sdk/src/index.ts";
import { modelNamed } from "../../src/cli/model-argument.ts";
import type { ReproduceOutcome } from "../../src/pipelines/reproduce.ts";
import { shops } from "../../src/testing/shops.ts";
import { type ShopsPlatform, shopsPlatform } from "./shops-platform.ts";

let shop: ShopsPlatform;
beforeAll(async () => {
  shop = await shopsPlatform();
  await shop.run("train", { reason: "a test" });
});
afterAll(() => shop?.close());

const again = (member: string, more: object = {}) =>
  shop.run<ReproduceOutcome>("reproduce-member", { member, ...more });

describe("a member is made again", () => {
  test("alone, whatever it corrects or learned by itself: the very same file", async () => {
    const { members } = await shop.look.members({ model: "returns", stands: true });
    expect(members.map(({ level }) => level)).toContain(1);
    const candidates = members.map(({ candidate }) => candidate.split("-")[0]);
    expect(new Set(candidates).size).toBeGreaterThan(1);
    for (const { name } of members)
      expect(await again(name)).toMatchObject({
        ...{ outcome: "same bytes", model: name, number: 1, changed: [] },
        summary: "reproduced: fitting it again gave the very same file",
      });
  });

  test("as the version that it was, when there are newer ones and other data", async () => {
    const text = shops({ rows: 200, odd: ["c1"], from: 100, days: 40, seed: "later" });
    appendFileSync(join(shop.folder, "orders.csv"), text.slice(text.indexOf("\n") + 1));
    await shop.run("train-family", { members: ["returns.c1"], reason: "a test" });
    const c1 = await shop.look.member({ model: "returns", member: "returns.c1" });
    expect(c1.version!.number).toBe(2);
    for (const [number, more] of [
      [2, {}],
      [2, { number: 2 }],
      [1, { number: 1 }],
    ] as const)
      expect(await again("returns.c1", more)).toMatchObject({ outcome: "same bytes", number });
  });

  test("what cannot be made again is said", async () => {
    await expect(again("returns.c1", { number: 7 })).rejects.toThrow(
      /returns\.c1 has no version 7; it had 1, 2/,
    );
    await expect(again("returns.b1")).rejects.toThrow(/has no model of its own/);
  });
});

describe("the name of a member where a model is wanted", () => {
  test("says where to look", async () => {
    await expect(shop.models.model({ model: "returns.a2" })).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringMatching(
        /member of the family returns: GET \/api\/families\/returns\/members\/returns\.a2/,
      ),
    });
    await expect(modelNamed(shop.platform, "returns.a2")).rejects.toThrow(
      /millwright family returns returns\.a2.*millwright predict returns/,
    );
    await expect(modelNamed(shop.platform, "nobody")).rejects.toThrow(/no model "nobody"/);
  });
});

test("an answer of a member in the log is explained with what its parent said", async () => {
  const [said] = await shop.ask([
    { shop: "a4", region: "a", days_late: 9, price: 50, order: "why" },
  ]);
  expect(said!.answeredBy).toBe("returns.a4");
  const asked = client(trying, { url: shop.control.url });
  const why = await asked.whySaid({ model: "returns", id: said!.id });
  expect(why).toMatchObject({
    target: "returned",
    version: { model: "returns.a4", id: said!.versionId },
  });
  expect(why.explanation.contributions.map(({ column }) => column)).toContain("#parent");
});
