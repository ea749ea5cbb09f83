import { beforeEach, describe, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import { type MemoryPlatform, memoryPlatform } from "../testing/memory-platform.ts";
import { someVersion } from "../testing/memory-stores.ts";
import { changeRoute, type RouteWish } from "./change-route.ts";
import { promote } from "./promote.ts";
import { startShadow } from "./start-shadow.ts";
import { undoRoute } from "./undo-route.ts";
import { viewRoute } from "./view-route.ts";

const [a, b, c] = [someVersion("a"), someVersion("b"), someVersion("c")];
const flipped = someVersion("d", { ...a.signature, classes: ["yes", "no"] });
const price = someVersion("e", {
  ...{ task: "regression", target: "price", classes: [] },
  columns: a.signature.columns,
});
const of = <T extends object>(version: T, model: string, id: string) => ({
  ...{ ...version, model, id: `sha256:${id.repeat(64)}` as Digest },
});
let at: MemoryPlatform;
beforeEach(async () => {
  at = memoryPlatform();
  for (const version of [a, b, c, flipped]) await at.stores.registry.add(version);
  await champion("mail", a.id);
});

const champion = (model: string, version: Digest) =>
  promote(at.platform, {
    ...{ model, version, reason: "a test", verdict: undefined, runId: undefined, at: 0 },
    guard: false,
  });
const change = (wish: RouteWish, rest: { model?: string; ifRevision?: number } = {}) =>
  changeRoute(at.platform, {
    ...{ model: "mail", by: "a test", reason: "why not", at: 5, wish },
    ...rest,
  });
const canary = (version: string, percent: number, steps?: number[]): RouteWish => ({
  split: { kind: "canary", version, percent, ...(steps ? { steps } : {}) },
});
const arms = (...each: [string, number][]): RouteWish => ({
  split: { kind: "weights", arms: each.map(([version, weight]) => ({ version, weight })) },
});
const bandit = (...versions: string[]): RouteWish => ({
  split: { kind: "bandit", arms: versions.map((version) => ({ version })) },
});

describe("a split", () => {
  test("is kept with who, why and when, and announced", async () => {
    const route = await change(canary("2", 5, [25, 100]));
    expect(route).toMatchObject({
      revision: 2,
      split: { id: "split_2", kind: "canary", percent: 5, steps: [25, 100], begun: 5, since: 5 },
    });
    const [last] = await at.stores.serving.routeHistory("mail", 1);
    expect(last).toMatchObject({ revision: 2, by: "a test", reason: "why not" });
    expect(at.stores.state.events.at(-1)).toMatchObject({
      ...{ type: "route.changed", subject: "mail" },
    });
  });

  test("of the same versions goes on with whom they met; another one mixes anew", async () => {
    await change(arms(["1", 50], ["2", 50]));
    expect((await change(arms(["2", 10], ["1", 90])))!.split!.id).toBe("split_2");
    expect((await change(arms(["1", 50], ["3", 50])))!.split!.id).toBe("split_4");
    expect((await change(canary("3", 50)))!.split!.id).toBe("split_5");
  });

  test("of a bandit begins with equal shares", async () => {
    const { split } = (await change(bandit("1", "3")))!;
    if (split?.kind !== "bandit") throw new TypeError("no bandit");
    expect(split.arms.map(({ share }) => share)).toEqual([
      ...[expect.closeTo(0.5, 9), expect.closeTo(0.5, 9)],
    ]);
  });

  test.each<[string, RouteWish, string]>([
    ["no such version", canary("9", 5), 'no version "9"'],
    ["the champion itself", canary("1", 5), "another version than the champion"],
    ["over 100", canary("2", 101), "split.percent: 101 should be a percentage from 0 to 100"],
    ["below 0", canary("2", -1), "split.percent: -1"],
    ["no number", canary("2", Number.NaN), "split.percent: null"],
    ["steps that do not climb", canary("2", 25, [5, 100]), "more than the 25 before it"],
    ["other classes", canary("4", 5), "its classes are yes, no, the champion's no, yes"],
    ["without the champion", arms(["2", 1], ["3", 1]), "the champion (version 1)"],
    ["one arm", arms(["1", 1]), "between 2 and 20"],
    ["twice the same", arms(["1", 1], ["1", 2]), "different versions"],
    ["no weight", arms(["1", 1], ["2", 0]), "split.arms.1.weight: 0 should be above 0"],
  ])("is refused with the value and the fix: %s", async (_, wish, words) => {
    await expect(change(wish)).rejects.toThrow(words);
    expect((await at.stores.serving.route("mail"))!.revision).toBe(1);
  });

  test("a bandit needs classes that can be right or wrong", async () => {
    for (const [letter, k] of [
      ["8", 0],
      ["9", 1],
    ] as const)
      await at.stores.registry.add({ ...of(price, "price", letter), seed: k });
    await champion("price", `sha256:${"8".repeat(64)}`);
    await expect(change(bandit("1", "2"), { model: "price" })).rejects.toThrow("regression");
  });

  test("needs a champion, and the revision one has looked at", async () => {
    await expect(change(canary("2", 5), { model: "nobody" })).rejects.toThrow("no champion");
    await change(canary("2", 5));
    await expect(change({ split: null }, { ifRevision: 1 })).rejects.toThrow("revision 2 by now");
  });

  test("whose challenger loses its part gives the alias back, unless it runs in shadow", async () => {
    const shadow = { reason: "", verdict: undefined, runId: undefined, at: 1 };
    await startShadow(at.platform, { ...shadow, model: "mail", version: b.id });
    await change(canary("2", 5));
    await change({ split: null });
    expect(await at.stores.registry.alias("mail", "challenger")).toBe(b.id);
  });
});

describe("fallbacks", () => {
  beforeEach(async () => {
    await at.stores.registry.add(of(a, "region", "1"));
    await at.stores.registry.add(of(a, "global", "2"));
    await at.stores.registry.add(of(price, "price", "3"));
    await champion("region", `sha256:${"1".repeat(64)}`);
    await champion("global", `sha256:${"2".repeat(64)}`);
    await champion("price", `sha256:${"3".repeat(64)}`);
  });

  test("make a member of a family; without them it is not served any more", async () => {
    const member = await change({ fallback: ["region", "global"] }, { model: "shop_1" });
    expect(member).toMatchObject({ champion: undefined, fallback: ["region", "global"] });
    expect(await change({ fallback: null }, { model: "shop_1" })).toBeUndefined();
    expect(await at.stores.serving.route("shop_1")).toBeUndefined();
  });

  test("stay, with the deadline, when the champion changes", async () => {
    await change({ fallback: ["global"], deadlineMs: 20 });
    await champion("mail", b.id);
    expect(await at.stores.serving.route("mail")).toMatchObject({
      ...{ champion: { id: b.id }, fallback: ["global"], deadlineMs: 20 },
    });
  });

  test.each<[string, RouteWish, string]>([
    ["unknown", { fallback: ["nobody"] }, 'model "nobody" is not deployed'],
    ["itself", { fallback: ["mail"] }, "mail → mail"],
    ["twice", { fallback: ["region", "region"] }, "without repetitions"],
    ["another question", { fallback: ["price"] }, 'fallback: "price" should be'],
    ["deadline without one", { deadlineMs: 20 }, "given with a fallback"],
    ["no time at all", { fallback: ["region"], deadlineMs: 0 }, "deadlineMs: 0"],
    ["a very long time", { fallback: ["region"], deadlineMs: 1e6 }, "deadlineMs: 1000000"],
  ])("are refused with the reason: %s", async (_, wish, words) => {
    await expect(change(wish)).rejects.toThrow(words);
  });

  test("that lead back, or too deep, are refused when they are set", async () => {
    await change({ fallback: ["global"] }, { model: "region" });
    await change({ fallback: ["region"] });
    await expect(change({ fallback: ["mail"] }, { model: "global" })).rejects.toThrow(
      "global → mail → region → global",
    );
    let last = "global";
    for (let i = 0; i < 8; i++) {
      await change({ fallback: [last] }, { model: `m${i}` });
      last = `m${i}`;
    }
    await expect(change({ fallback: [last] }, { model: "deep" })).rejects.toThrow("8 levels");
  });
});

describe("going back to a former revision", () => {
  const undo = (revision: number) =>
    undoRoute(at.platform, { model: "mail", revision, reason: "oops", by: "a test", at: 9 });

  test("brings its split back as a new revision", async () => {
    await change(canary("2", 5));
    await change({ split: null });
    const { split } = (await undo(2))!;
    expect(split).toMatchObject({ kind: "canary", percent: 5, version: { id: b.id } });
    expect((await undo(1))!.split).toBeUndefined();
    expect((await at.stores.serving.route("mail"))!.revision).toBe(5);
  });

  test("does not move the champion by the back door", async () => {
    await change(canary("2", 5));
    await champion("mail", c.id);
    await expect(undo(2)).rejects.toThrow("millwright promote mail 1");
    await expect(undo(77)).rejects.toThrow("no revision 77");
  });
});

test("a route is shown with what was asked for and what came of it", async () => {
  await change(arms(["1", 3], ["2", 1]));
  const row = (i: number, version: Digest) => ({
    ...{ id: `pred_${i}`, model: "mail", version, variant: version === a.id ? "champion" : "arm" },
    ...{ at: 1000 + i, eventTime: 0, key: `k${i % 50}`, inputs: {}, output: [0.2], label: "no" },
    ...{ latencyMs: 2, truth: { label: i % 4 === 0 ? "yes" : "no", at: 2000 } },
  });
  for (let i = 0; i < 75; i++) at.logged.push(row(i, a.id) as never);
  for (let i = 75; i < 100; i++) at.logged.push(row(i, b.id) as never);
  const view = await viewRoute(at.platform, { model: "mail" });
  expect(view).toMatchObject({
    ...{ model: "mail", champion: 1, revision: 2, by: "a test" },
    split: {
      kind: "weights",
      arms: [
        { version: 1, share: 0.75, weight: 3, rows: 75, callers: 50, labelled: 75, failed: 0 },
        { version: 2, share: 0.25, weight: 1, rows: 25, callers: 25, quality: { unit: "share" } },
      ],
      sampleRatio: { broken: false },
    },
  });
  await expect(viewRoute(at.platform, { model: "nobody" })).rejects.toThrow("not served");
});
