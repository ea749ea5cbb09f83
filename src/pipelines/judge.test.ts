import { beforeEach, describe, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import { type MemoryPlatform, memoryPlatform, runPipeline } from "../testing/memory-platform.ts";
import { someVersion } from "../testing/memory-stores.ts";
import { judge } from "./judge.ts";
import { promote } from "./promote.ts";
import { rollback } from "./rollback.ts";
import { startShadow } from "./start-shadow.ts";

const [a, b, c] = [someVersion("a"), someVersion("b"), someVersion("c")];
const change = (at: number) => ({
  ...{ model: "mail", reason: "a test", verdict: undefined, runId: undefined, at },
});
let at: MemoryPlatform;
beforeEach(async () => {
  at = memoryPlatform({ deploy: { shadow: { minLabels: 50, maxLabels: 200 } } });
  for (const version of [a, b, c]) await at.stores.registry.add(version);
  await promote(at.platform, { ...change(0), version: a.id, guard: false });
});

const champion = () => at.stores.registry.alias("mail", "champion");
const challenger = () => at.stores.registry.alias("mail", "challenger");
const shadow = async () => (await at.stores.serving.route("mail"))?.shadow?.id;
const asChallenger = (version: Digest, when = 100) =>
  startShadow(at.platform, { ...change(when), version });

/** Rows that both answered; every other one is positive. */
function answers(
  by: {
    champion: Digest;
    shadow: Digest;
    first: (yes: boolean) => number;
    second: (yes: boolean) => number;
  },
  rows: number,
  from = 1000,
) {
  for (let i = 0; i < rows; i++) {
    const yes = i % 2 === 0;
    const record = {
      ...{ id: `pred_${from + i}`, model: "mail", at: 1, eventTime: from + i, key: undefined },
      ...{ inputs: {}, label: "no", latencyMs: 1 },
      truth: { label: yes ? "yes" : "no", at: from + i + 1 },
    };
    at.logged.push(
      { ...record, version: by.champion, variant: "champion", output: [by.first(yes)] },
      { ...record, version: by.shadow, variant: "shadow", output: [by.second(yes)] },
    );
  }
}
const good = (yes: boolean) => (yes ? 0.9 : 0.1);
const bad = (yes: boolean) => (yes ? 0.3 : 0.7);
const run = (options: { dieAfter?: string; asOf?: number } = {}) =>
  runPipeline(
    judge(at.platform),
    { model: "mail", ...(options.asOf === undefined ? {} : { asOf: options.asOf }) },
    options,
  );

describe("a challenger in shadow", () => {
  beforeEach(() => asChallenger(b.id));

  test("that is shown better becomes champion, and its predecessor its guard", async () => {
    answers({ champion: a.id, shadow: b.id, first: bad, second: good }, 100);
    expect(await run()).toMatchObject({ role: "shadow", action: "promoted" });
    expect([await champion(), await challenger(), await shadow()]).toEqual([b.id, undefined, a.id]);
  });

  test("that is shown worse leaves", async () => {
    answers({ champion: a.id, shadow: b.id, first: good, second: bad }, 100);
    expect(await run()).toMatchObject({ role: "shadow", action: "rejected" });
    expect([await champion(), await challenger(), await shadow()]).toEqual([
      ...[a.id, undefined, undefined],
    ]);
  });

  test("waits for enough labels", async () => {
    answers({ champion: a.id, shadow: b.id, first: bad, second: good }, 49);
    expect(await run()).toMatchObject({ action: "waiting", decision: { pairs: 49 } });
  });

  test("is judged only on rows both answered since it began, whose truth was known by then", async () => {
    answers({ champion: a.id, shadow: b.id, first: bad, second: good }, 20, 50);
    answers({ champion: a.id, shadow: b.id, first: bad, second: good }, 30, 200);
    at.logged.push({ ...at.logged[0]!, id: "pred_alone", eventTime: 250 });
    // Rows at 100 to 219, truths before 220.
    expect((await run({ asOf: 220 })).decision?.pairs).toBe(19);
  });

  test.each(["judge", "act"])("is promoted once when the process dies after %s", async (step) => {
    answers({ champion: a.id, shadow: b.id, first: bad, second: good }, 100);
    expect(await run({ dieAfter: step })).toMatchObject({ action: "promoted" });
    expect(at.stores.state.moves.filter(({ alias }) => alias === "champion")).toHaveLength(2);
  });

  test("does not replace a champion that a person has set meanwhile", async () => {
    answers({ champion: a.id, shadow: b.id, first: bad, second: good }, 100);
    const route = await at.stores.serving.route("mail");
    await promote(at.platform, { ...change(500), version: c.id, guard: false });
    // The comparison is made on the route as it was.
    const { serving } = at.stores;
    let asked = 0;
    const stale = {
      ...serving,
      route: async (m: string) => (asked++ === 0 ? route : serving.route(m)),
    };
    const platform = { ...at.platform, serving: stale } as typeof at.platform;
    const outcome = await runPipeline(judge(platform), { model: "mail" });
    expect(outcome.action).not.toBe("promoted");
    expect(await champion()).toBe(c.id);
  });
});

test("a challenger whose two classes come the other way round is read the right way", async () => {
  const flipped: Signature = { ...a.signature, classes: ["yes", "no"] };
  const d = someVersion("d", flipped);
  await at.stores.registry.add(d);
  await asChallenger(d.id);
  answers({ champion: a.id, shadow: d.id, first: bad, second: (yes) => 1 - good(yes) }, 100);
  expect(await run()).toMatchObject({ action: "promoted" });
});

describe("the former champion as guard", () => {
  test("takes its place back when it is shown better", async () => {
    await promote(at.platform, { ...change(500), version: b.id, guard: true });
    answers({ champion: b.id, shadow: a.id, first: bad, second: good }, 100);
    expect(await run()).toMatchObject({ role: "guard", action: "rolled back" });
    expect([await champion(), await shadow()]).toEqual([a.id, undefined]);
  });

  test("takes it back once when the process dies in between", async () => {
    await promote(at.platform, { ...change(400), version: b.id, guard: false });
    await promote(at.platform, { ...change(500), version: c.id, guard: true });
    answers({ champion: c.id, shadow: b.id, first: bad, second: good }, 100);
    expect(await run({ dieAfter: "act" })).toMatchObject({ action: "rolled back" });
    expect(await champion()).toBe(b.id);
  });

  test("also after a person went back to an older version by promoting it", async () => {
    await promote(at.platform, { ...change(400), version: b.id, guard: false });
    await promote(at.platform, { ...change(500), version: a.id, guard: true });
    answers({ champion: a.id, shadow: b.id, first: bad, second: good }, 100);
    expect(await run()).toMatchObject({ action: "rolled back" });
    expect(await champion()).toBe(b.id);
  });

  test("leaves when the new champion has proven itself", async () => {
    await promote(at.platform, { ...change(500), version: b.id, guard: true });
    answers({ champion: b.id, shadow: a.id, first: good, second: bad }, 100);
    expect(await run()).toMatchObject({ action: "guard ended" });
    expect([await champion(), await shadow()]).toEqual([b.id, undefined]);
  });

  test("is not kept where the new champion answers another question", async () => {
    const other = someVersion("e", { ...a.signature, target: "is_phishing" });
    await at.stores.registry.add(other);
    await promote(at.platform, { ...change(500), version: other.id, guard: true });
    expect(await shadow()).toBeUndefined();
  });
});

test("a rollback ends the challenger's shadow too, so that the model can be retrained", async () => {
  await promote(at.platform, { ...change(50), version: b.id, guard: false });
  await asChallenger(c.id);
  await rollback(at.platform, change(200));
  expect([await champion(), await challenger(), await shadow()]).toEqual([
    ...[a.id, undefined, undefined],
  ]);
});

test("a rollback without an earlier champion changes nothing and says where to look", async () => {
  await expect(rollback(at.platform, change(200))).rejects.toThrow("millwright show mail");
  expect(await champion()).toBe(a.id);
});

test("nothing beside the champion, nothing to judge", async () => {
  expect(await run()).toMatchObject({ role: "none", action: "nothing to judge" });
});
