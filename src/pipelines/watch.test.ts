import { beforeEach, describe, expect, test } from "vitest";
import type { ExamineInput } from "../monitoring/examine-window.ts";
import type { WindowFindings } from "../monitoring/finding.ts";
import { addFindings } from "../monitoring/incident.ts";
import { type MemoryPlatform, memoryPlatform, runPipeline } from "../testing/memory-platform.ts";
import { someVersion } from "../testing/memory-stores.ts";
import type { Platform } from "./platform.ts";
import { promote } from "./promote.ts";
import { type WatchInput, watch } from "./watch.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 5);
const [a, b] = [someVersion("a"), someVersion("b")];
let at: MemoryPlatform;
let broken: boolean;
let examined: ExamineInput[];

/** What is found in a window is told by `broken`; what follows from it is the platform's own. */
async function examine(input: ExamineInput) {
  examined.push(input);
  const missing = { feature: "subject", before: 0, now: 1, p: 0, words: "subject is missing" };
  const found: WindowFindings = {
    ...{ window: input.window, rows: input.predictions.length, features: [], persistent: [] },
    ...{ prediction: undefined, predictionPersistent: false, missing: broken ? [missing] : [] },
    ...{ volume: undefined, performance: undefined, performancePersistent: false },
    ...{ errorRise: undefined, estimated: [] },
  };
  const incidents = addFindings(input.state.open, found);
  return { found, incidents, state: { ...input.state, open: incidents.open } };
}

beforeEach(async () => {
  at = memoryPlatform({ retrain: { onLabels: 3 } }, { now: START + 1.5 * DAY });
  Object.assign(at.platform, {
    compute: { run: (_: string, input: ExamineInput) => examine(input), close: async () => {} },
    evaluationOf: async () => ({ report: {} }),
  } satisfies Partial<Record<keyof Platform, unknown>>);
  for (const version of [a, b]) await at.stores.registry.add(version);
  const about = { model: "mail", reason: "a test", verdict: undefined, runId: undefined };
  await promote(at.platform, { ...about, at: START, version: a.id, guard: false });
  [broken, examined] = [true, []];
});

const look = (day: number, options: { dieAfter?: string } = {}, input: Partial<WatchInput> = {}) =>
  runPipeline(
    watch(at.platform),
    { model: "mail", start: START + day * DAY, end: START + (day + 1) * DAY, ...input },
    options,
  );
const said = () =>
  at.stores.state.events.map(({ type }) => type).filter((type) => type !== "model.promoted");
const incident = () => at.stores.state.incidents[0];
function label(day: number, known: number) {
  at.logged.push({
    ...{ id: `pred_${at.logged.length}`, model: "mail", version: a.id, variant: "champion", at: 1 },
    ...{ eventTime: START + day * DAY, key: undefined, inputs: {}, output: [0.5], label: "no" },
    ...{ latencyMs: 1, truth: { label: "no", at: START + known * DAY } },
  });
}

describe("incidents", () => {
  test("are opened once, go on, and close after three windows without", async () => {
    expect((await look(0)).opened).toHaveLength(1);
    expect((await look(1)).opened).toHaveLength(0);
    expect(incident()).toMatchObject({ windows: 2, state: "open" });
    broken = false;
    for (const day of [2, 3, 4]) await look(day);
    expect(incident()?.state).toBe("closed");
    expect(said()).toEqual(["incident.opened", "incident.continues", "incident.closed"]);
  });

  test.each(["window", "labels", "examine"])(
    "count a window once when the process dies after %s",
    async (step) => {
      await look(0, { dieAfter: step });
      await look(1, { dieAfter: step });
      expect(incident()).toMatchObject({ windows: 2 });
      expect(said()).toEqual(["incident.opened", "incident.continues"]);
    },
  );

  test("are the same after a window was looked at once more", async () => {
    await look(0);
    await look(1);
    const before = incident();
    await look(1);
    await look(0);
    expect(incident()).toEqual(before);
    expect(said()).toEqual(["incident.opened", "incident.continues"]);
  });

  test("stay open across a change of champion", async () => {
    await look(0);
    const about = { model: "mail", reason: "a test", verdict: undefined, runId: undefined };
    await promote(at.platform, { ...about, at: START + DAY, version: b.id, guard: false });
    await look(1);
    expect(examined[1]?.state).toMatchObject({ volumes: [], open: [{ windows: 1 }] });
    expect(incident()).toMatchObject({ windows: 2 });
  });
});

describe("truths", () => {
  test("count in the window in which they arrive, also when it is looked at late", async () => {
    label(0, 0.5);
    label(0, 1);
    label(0, 1.5);
    await look(0);
    await look(1);
    expect(examined.map(({ labelled }) => labelled.length)).toEqual([1, 2]);
  });

  test("that arrive after the moment a replay has reached are not known", async () => {
    label(0, 0.2);
    label(0, 0.8);
    await look(0, {}, { asOf: START + 0.5 * DAY });
    expect(examined[0]?.labelled).toHaveLength(1);
    expect(examined[0]?.predictions.filter(({ truth }) => truth)).toHaveLength(1);
  });

  test("are announced when enough have come, each counted once, also on the border", async () => {
    broken = false;
    label(0, 0.1);
    label(0, 0.2);
    await look(0);
    expect(said()).toEqual([]);
    label(0, 1);
    await look(1, { dieAfter: "labels" });
    expect(said()).toEqual(["labels.collected"]);
    for (const known of [2, 2, 2.5]) label(1, known);
    await look(2);
    expect(said()).toEqual(["labels.collected", "labels.collected"]);
  });
});

test("by the clock the last complete window is looked at", async () => {
  await runPipeline(watch(at.platform), { model: "mail" });
  expect(examined[0]?.window).toEqual({ start: START, end: START + DAY });
});

test("a model without a champion has nothing to watch", async () => {
  at.stores.state.moves.length = 0;
  expect(await look(0)).toMatchObject({ rows: 0, open: [] });
  expect(said()).toEqual([]);
});
