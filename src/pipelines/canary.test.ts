import { beforeEach, describe, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import { random } from "../lib/random.ts";
import { armFor, armsOf } from "../serving/arms.ts";
import type { ServedRoute } from "../serving/route.ts";
import { type MemoryPlatform, memoryPlatform, runPipeline } from "../testing/memory-platform.ts";
import { someVersion } from "../testing/memory-stores.ts";
import { changeRoute } from "./change-route.ts";
import { judge } from "./judge.ts";
import { promote } from "./promote.ts";
import { rollback } from "./rollback.ts";
import { startCanary } from "./start-canary.ts";
import { startShadow } from "./start-shadow.ts";

const [a, b, c] = [someVersion("a"), someVersion("b"), someVersion("c")];
const change = (at: number) => ({
  ...{ model: "mail", reason: "a test", verdict: undefined, runId: undefined, at },
});
let at: MemoryPlatform;
let now = 1000;
let runs = 0;
beforeEach(async () => {
  now = 1000;
  at = memoryPlatform({
    deploy: { shadow: { minLabels: 50 }, canary: { steps: [10, 50, 100], minRows: 40 } },
  });
  for (const version of [a, b, c]) await at.stores.registry.add(version);
  await promote(at.platform, { ...change(0), version: a.id, guard: false });
});

const route = async () => (await at.stores.serving.route("mail")) as ServedRoute;
const champion = () => at.stores.registry.alias("mail", "champion");
const challenger = () => at.stores.registry.alias("mail", "challenger");
const events = () => at.stores.state.events.map(({ type }) => type);
const ladder = { steps: [10, 50] as const, minRows: 40 };
const climb = () =>
  startCanary(at.platform, { ...change(now), version: b.id, ladder, comparedWith: a.id });

/** Requests as a gateway would answer and log them, with their truths. */
async function traffic(
  rows: number,
  options: { failing?: Digest; wrong?: Digest; slow?: Digest; ignoresShares?: boolean } = {},
) {
  const served = await route();
  const arms = served.split && armsOf(served, served.split);
  const rng = random(`traffic ${now}`);
  for (let i = 0; i < rows; i++) {
    now += 1;
    const yes = rng.next() < 0.5;
    const id = `pred_${now}`;
    const plain = { version: served.champion, variant: "champion" as const };
    const met = arms && !options.ignoresShares ? armFor(arms, id) : plain;
    const fails = met.version.id === options.failing;
    const { version, variant } = fails
      ? { version: served.champion, variant: "fallback" as const }
      : met;
    const right = version.id !== options.wrong;
    const p = (right ? (yes ? 0.8 : 0.2) : yes ? 0.2 : 0.8) + 0.1 * rng.next();
    at.logged.push({
      ...{ id, model: "mail", version: version.id, variant, at: now, eventTime: now },
      ...{ key: undefined, inputs: {}, output: [p], label: p >= 0.5 ? "yes" : "no" },
      latencyMs: (version.id === options.slow ? 20 : 1) + rng.next(),
      truth: { label: yes ? "yes" : "no", at: now + 1 },
    });
  }
}
/** Judged in the time of the log, as a replay is. */
const run = (options: { dieAfter?: string } = {}) =>
  runPipeline(
    judge(at.platform),
    { model: "mail", asOf: now + 10 },
    { ...options, runId: `run_${++runs}` },
  );

describe("the ladder", () => {
  test("is climbed step by step to the championship, with the former champion as guard", async () => {
    await climb();
    expect(await route()).toMatchObject({
      champion: { id: a.id },
      split: { kind: "canary", percent: 10, steps: [50, 100], version: { id: b.id } },
    });
    await traffic(100);
    expect(await run()).toMatchObject({ role: "canary", action: "waiting" });
    await traffic(500);
    expect(await run()).toMatchObject({ action: "climbed", canary: { outcome: "climb" } });
    expect((await route()).split).toMatchObject({ percent: 50, steps: [100], since: now + 10 });
    now += 10;
    expect(await run()).toMatchObject({ action: "waiting" });
    await traffic(200);
    const last = await run();
    expect(last).toMatchObject({ action: "promoted" });
    expect(await champion()).toBe(b.id);
    expect(await challenger()).toBeUndefined();
    const after = await route();
    expect(after.split).toBeUndefined();
    expect(after.shadow?.id).toBe(a.id);
    expect(events()).toEqual([
      ...["model.promoted", "canary.started", "canary.climbed", "model.promoted"],
    ]);
  });

  test("keeps whom it has as it climbs", async () => {
    await climb();
    const ten = await route();
    await traffic(600);
    await run();
    const fifty = await route();
    expect(fifty.split!.id).toBe(ten.split!.id);
    const met = (r: ServedRoute, key: string) => armFor(armsOf(r, r.split!), key).version.id;
    for (let i = 0; i < 500; i++)
      if (met(ten, `k${i}`) === b.id) expect(met(fifty, `k${i}`)).toBe(b.id);
  });

  test("begins after a shadow that was shown better", async () => {
    await changeRoute(at.platform, {
      ...{ model: "mail", by: "a test", reason: "a test", at: now },
      wish: { split: null },
    });
    await startShadow(at.platform, { ...change(now), version: b.id });
    for (let i = 0; i < 100; i++) {
      now += 1;
      const yes = i % 2 === 0;
      const record = {
        ...{ id: `pred_${now}`, model: "mail", at: now, eventTime: now, key: undefined },
        ...{ inputs: {}, label: "no", latencyMs: 1, truth: { label: yes ? "yes" : "no", at: now } },
      };
      at.logged.push(
        { ...record, version: a.id, variant: "champion", output: [yes ? 0.3 : 0.7] },
        { ...record, version: b.id, variant: "shadow", output: [yes ? 0.9 : 0.1] },
      );
    }
    expect(await run({ dieAfter: "act" })).toMatchObject({ action: "canary started" });
    expect(await route()).toMatchObject({ shadow: undefined, split: { percent: 10 } });
    expect([await champion(), await challenger()]).toEqual([a.id, b.id]);
    expect(events().filter((type) => type === "canary.started")).toHaveLength(1);
  });

  test("a canary whose classes differ is not begun: callers would see who answers", async () => {
    const odd = someVersion("d", { ...a.signature, classes: ["yes", "no"] });
    await at.stores.registry.add(odd);
    const input = { ...change(now), version: odd.id, ladder, comparedWith: a.id };
    expect(await startCanary(at.platform, input)).toBe(false);
    expect((await route()).split).toBeUndefined();
  });
});

describe("a canary ends, with its reason,", () => {
  test.each<[string, Parameters<typeof traffic>[1]]>([
    ["errors", { failing: b.id }],
    ["quality", { wrong: b.id }],
    ["latency", { slow: b.id }],
    ["sample ratio", { ignoresShares: true }],
  ])("for its %s", async (guard, options) => {
    await climb();
    await traffic(900, options);
    const { action, canary } = await run({ dieAfter: "move canary" });
    expect(action).toBe("canary ended");
    expect(canary!.guards.filter((g) => !g.pass).map((g) => g.guard)).toContain(guard);
    expect([await champion(), await challenger()]).toEqual([a.id, undefined]);
    expect((await route()).split).toBeUndefined();
    expect(events().filter((type) => type === "canary.ended")).toHaveLength(1);
    const [last] = await at.stores.serving.routeHistory("mail", 1);
    expect(last).toMatchObject({ by: `run_${runs}`, reason: expect.stringContaining(guard) });
    expect(await run()).toMatchObject({ action: "nothing to judge" });
  });

  test("when a person ends it, promotes another version or rolls back", async () => {
    await climb();
    const off = { model: "mail", by: "command line", reason: "enough", at: now };
    await changeRoute(at.platform, { ...off, wish: { split: null } });
    expect([(await route()).split, await challenger()]).toEqual([undefined, undefined]);
    await climb();
    await promote(at.platform, { ...change(now), version: c.id, guard: false });
    expect([(await route()).split, await challenger()]).toEqual([undefined, undefined]);
    const again = { ...change(now), version: b.id, ladder, comparedWith: c.id };
    await startCanary(at.platform, again);
    await rollback(at.platform, change(now));
    expect([await champion(), (await route()).split]).toEqual([a.id, undefined]);
    expect(await challenger()).toBeUndefined();
  });
});

test("is moved once when the process dies, and not at all when another split stands there", async () => {
  await climb();
  await traffic(600);
  expect(await run({ dieAfter: "move canary" })).toMatchObject({ action: "climbed" });
  expect((await route()).split).toMatchObject({ percent: 50 });
  expect(events().filter((type) => type === "canary.climbed")).toHaveLength(1);
});

test("a canary that a person set stays at its percentage, but its guards end it", async () => {
  const input = { model: "mail", by: "command line", reason: "try it", at: now };
  const split = { kind: "canary", version: "2", percent: 20 } as const;
  await changeRoute(at.platform, { ...input, wish: { split } });
  await traffic(600);
  expect(await run()).toMatchObject({ action: "waiting", canary: { outcome: "climb" } });
  await traffic(300, { failing: b.id });
  expect(await run()).toMatchObject({ action: "canary ended" });
});

describe("a bandit", () => {
  const start = (arms: readonly string[]) =>
    changeRoute(at.platform, {
      ...{ model: "mail", by: "command line", reason: "which one?", at: now },
      wish: { split: { kind: "bandit", arms: arms.map((version) => ({ version })) } },
    });
  const shares = async () => {
    const { split } = await route();
    return split?.kind === "bandit" ? split.arms.map(({ share }) => share) : [];
  };

  test("gives the better arm more, and recommends it once", async () => {
    await start(["1", "2", "3"]);
    for (const share of await shares()) expect(share).toBeCloseTo(1 / 3, 6);
    await traffic(120, { wrong: b.id });
    const first = await run({ dieAfter: "split" });
    expect(first).toMatchObject({
      action: "nothing to judge",
      bandit: { revised: expect.any(Boolean) },
    });
    expect((await shares())[1]).toBeLessThan(0.001);
    const { revision } = await route();
    expect(await run()).toMatchObject({ bandit: { revised: false } });
    expect((await route()).revision).toBe(revision);
    await changeRoute(at.platform, {
      ...{ model: "mail", by: "command line", reason: "only two", at: now },
      wish: { split: { kind: "bandit", arms: [{ version: "1" }, { version: "2" }] } },
    });
    await traffic(100, { wrong: b.id });
    await run();
    await run();
    expect(events().filter((type) => type === "bandit.decided")).toHaveLength(1);
    expect(await champion()).toBe(a.id);
  });
});
