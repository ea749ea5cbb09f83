import { beforeEach, describe, expect, test } from "vitest";
import type { Verdict } from "../evaluation/verdict.ts";
import type { Digest } from "../lib/digest.ts";
import { type MemoryPlatform, memoryPlatform } from "../testing/memory-platform.ts";
import { someVersion } from "../testing/memory-stores.ts";
import { deployVersion } from "./deploy-version.ts";
import type { ModelDefinition } from "./project.ts";

const verdict = (...failed: string[]): Verdict => ({
  pass: failed.length === 0,
  summary: failed.length === 0 ? "passes all gates" : `fails ${failed.join(", ")}`,
  reasons: failed.map((gate) => `${gate}: no.`),
  warnings: [],
  results: failed.map((gate) => ({
    gate,
    pass: false,
    outcome: "fail",
    reason: "no",
    detail: null,
  })),
  couldNotHaveSeen: "",
});

const [a, b, c] = [someVersion("a"), someVersion("b"), someVersion("c")];
let at: MemoryPlatform;
const open = async (model: Partial<ModelDefinition> = {}) => {
  at = memoryPlatform(model);
  for (const version of [a, b, c]) await at.stores.registry.add(version);
};
beforeEach(() => open());

const deploy = (
  version: Digest,
  judged: Verdict,
  options: { runId?: string; shadow?: boolean; comparedWith?: Digest | null } = {},
) =>
  deployVersion(at.platform, {
    ...{ model: "mail", version, verdict: judged, asOf: undefined },
    runId: options.runId ?? `run_${version}`,
    shadow: options.shadow ?? true,
    comparedWith: options.comparedWith === undefined ? a.id : options.comparedWith,
  });
const first = () => deploy(a.id, verdict(), { comparedWith: null });
const traffic = () =>
  at.logged.push({
    ...{
      id: "pred_1",
      model: "mail",
      version: a.id,
      variant: "champion",
      at: 1,
      eventTime: 999_999,
    },
    ...{ key: undefined, inputs: {}, output: [0.5], label: "no", latencyMs: 1, truth: undefined },
  });
const champion = () => at.stores.registry.alias("mail", "champion");
const challenger = () => at.stores.registry.alias("mail", "challenger");

describe("the first version", () => {
  test("becomes champion with a route when its gates pass", async () => {
    expect(await first()).toMatchObject({ deployment: "promoted" });
    expect(await champion()).toBe(a.id);
    expect(await at.stores.serving.route("mail")).toMatchObject({
      champion: { id: a.id },
      fields: { pass: ["subject"] },
    });
  });

  test("is only kept when they do not", async () => {
    const deployed = await deploy(a.id, verdict("beats_champion"), { comparedWith: null });
    expect(deployed.deployment).toBe("kept");
    expect(deployed.decision).toContain("beats_champion: no.");
    expect(await champion()).toBeUndefined();
    expect(at.stores.state.events).toEqual([]);
  });

  test("trained twice at once: the second has not been compared with the first, so it does not replace it", async () => {
    await first();
    const second = await deploy(b.id, verdict(), { comparedWith: null });
    expect(second).toMatchObject({ deployment: "kept" });
    expect(second.decision).toContain("train again");
    expect(await champion()).toBe(a.id);
  });
});

describe("a later version", () => {
  beforeEach(first);

  test("runs in shadow where there is traffic", async () => {
    traffic();
    expect(await deploy(b.id, verdict())).toMatchObject({ deployment: "shadow" });
    expect([await champion(), await challenger()]).toEqual([a.id, b.id]);
    expect((await at.stores.serving.route("mail"))?.shadow?.id).toBe(b.id);
  });

  test("may run in shadow when it fails only what live traffic answers better", async () => {
    traffic();
    expect(await deploy(b.id, verdict("beats_champion", "calibrated"))).toMatchObject({
      deployment: "shadow",
    });
  });

  test.each(["parity", "no_leak", "beats_baseline"])("that fails %s never runs", async (gate) => {
    traffic();
    expect(await deploy(b.id, verdict("beats_champion", gate))).toMatchObject({
      deployment: "kept",
    });
    expect(await challenger()).toBeUndefined();
  });

  test("is promoted on held-out evidence where there is no traffic", async () => {
    const deployed = await deploy(b.id, verdict());
    expect(deployed.decision).toContain("no live traffic");
    expect(await champion()).toBe(b.id);
    expect((await at.stores.serving.route("mail"))?.shadow).toBeUndefined();
  });

  test("made elsewhere, it replaces a champion only after proof on live traffic, or by a person", async () => {
    const origin = { file: "x.onnx", sha256: a.onnx, producer: "", opsets: {}, notes: [] };
    const own = await at.stores.registry.add({ ...someVersion("d"), origin });
    const deployed = await deploy(own.id, verdict());
    expect(deployed.deployment).toBe("kept");
    expect(deployed.decision).toContain(`millwright promote mail ${own.number}`);
    expect(await champion()).toBe(a.id);
    traffic();
    expect(await deploy(own.id, verdict())).toMatchObject({ deployment: "shadow" });
  });

  test("that fails a gate is kept where there is no traffic", async () => {
    expect(await deploy(b.id, verdict("beats_champion"))).toMatchObject({ deployment: "kept" });
  });

  test("skips the shadow when a person says so", async () => {
    traffic();
    expect(await deploy(b.id, verdict(), { shadow: false })).toMatchObject({
      deployment: "promoted",
      decision: expect.stringContaining("shadow is switched off"),
    });
  });

  test("is kept when it is the champion already", async () => {
    expect(await deploy(a.id, verdict(), { runId: "run_later" })).toMatchObject({
      deployment: "kept",
    });
  });

  test("is not promoted over a champion it was not compared with", async () => {
    await deploy(b.id, verdict());
    expect(await deploy(c.id, verdict(), { comparedWith: a.id })).toMatchObject({
      deployment: "kept",
    });
    expect(await champion()).toBe(b.id);
  });

  test("with another target is kept, with what to do", async () => {
    const other = someVersion("d", { ...a.signature, target: "is_phishing" });
    await at.stores.registry.add(other);
    const deployed = await deploy(other.id, verdict());
    expect(deployed.decision).toContain("millwright promote mail 4");
    expect(await champion()).toBe(a.id);
  });

  test("says the same when its step is repeated after a crash", async () => {
    traffic();
    const shadow = await deploy(b.id, verdict());
    expect(await deploy(b.id, verdict())).toEqual(shadow);
    const promoted = await deploy(c.id, verdict(), { shadow: false });
    expect(await deploy(c.id, verdict(), { shadow: false })).toEqual(promoted);
    expect(promoted.deployment).toBe("promoted");
    expect(at.stores.state.moves.filter(({ alias }) => alias === "champion")).toHaveLength(2);
  });

  test("that is promoted past a challenger rejects the challenger", async () => {
    traffic();
    await deploy(b.id, verdict());
    await deploy(c.id, verdict(), { shadow: false });
    expect(await challenger()).toBeUndefined();
    expect(at.stores.state.moves.at(-1)).toMatchObject({ alias: "challenger", previous: b.id });
    expect(at.stores.state.events.map(({ type }) => type)).toContain("model.rejected");
  });
});

test("deploy.shadow: false promotes without a shadow", async () => {
  await open({ deploy: { shadow: false } });
  await first();
  traffic();
  expect(await deploy(b.id, verdict())).toMatchObject({ deployment: "promoted" });
});
