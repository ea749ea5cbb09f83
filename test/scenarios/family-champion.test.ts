/** The members follow their model: another champion gets members of its own, whoever made it champion. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FamilyFiles } from "../../src/families/family.ts";
import { promote } from "../../src/pipelines/promote.ts";
import { rollback } from "../../src/pipelines/rollback.ts";
import type { TrainOutcome } from "../../src/pipelines/train.ts";
import { getJson } from "../../src/storage/json-blob.ts";
import { type ShopsPlatform, shopsPlatform } from "./shops-platform.ts";

let shop: ShopsPlatform;
const quiet = { retrain: { onCodeChange: false } };

beforeAll(async () => {
  shop = await shopsPlatform(quiet);
});
afterAll(() => shop?.close());

const runs = () => shop.platform.engine.list({ pipeline: "train-family", limit: 50 });

/** Waits until the members stand under a champion, and no training is under way. */
async function membersUnder(champion: string) {
  for (let tries = 0; tries < 300; tries++) {
    const whole = await shop.platform.families.newestWhole("returns");
    const over = (await runs()).every(({ finishedAt }) => finishedAt != null);
    if (whole?.champion === champion && over) return whole;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no members under ${champion} within a minute`);
}
const change = (reason: string) => ({
  ...{ model: "returns", reason, verdict: undefined, runId: undefined, at: Date.now() },
});

describe("members under another champion", () => {
  let first: TrainOutcome;
  let second: TrainOutcome;

  test("a training that promotes trains them itself, once", async () => {
    first = await shop.run<TrainOutcome>("train", { reason: "a test" });
    expect(first).toMatchObject({ deployment: "promoted", family: { number: 1 } });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await runs()).toEqual([]);
  });

  test("a version in shadow leaves the members under the champion there is", async () => {
    await shop.ask([{ shop: "a2", region: "a", days_late: 9, price: 50 }]);
    shop.define({ ...quiet, train: { trainers: ["baseline", "linear"], budget: "10s" } });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    second = await shop.run<TrainOutcome>("train", { reason: "a test" });
    expect(second).toMatchObject({ deployment: "shadow" });
    expect(await shop.platform.families.newestWhole("returns")).toMatchObject({
      champion: first.version,
    });
  });

  test("once it is promoted they are trained under it, by themselves", async () => {
    const promoted = { version: second.version, guard: false };
    await promote(shop.platform, { ...change("a test"), ...promoted });
    const whole = await membersUnder(second.version);
    const champion = await shop.platform.registry.get(second.version);
    const { global } = await getJson<FamilyFiles>(shop.platform.blobs, whole.files);
    expect(global.served.onnx).toBe(champion!.onnx);
    expect(whole.parent).toBeUndefined();
    // Said once more, it changes nothing: no event, no training.
    await promote(shop.platform, { ...change("again"), ...promoted });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await runs()).toHaveLength(1);
  });

  test("and under the former one when that takes its place back", async () => {
    await rollback(shop.platform, change("a test"));
    await membersUnder(first.version);
    expect(await runs()).toHaveLength(2);
  });

  test("asked for though nothing is to be done, it says so and changes nothing", async () => {
    const asked = { reason: "a test", ifUnderAnother: true };
    expect(await shop.run("train-family", asked)).toEqual({
      nothing: "the members were trained under this champion",
    });
  });
});
