/**
 * The closed loop, with the real parts and through the real doors: raw data, champion, traffic over HTTP, labels, drift, incident,
 * retraining, shadow, promotion on evidence; then a bad promotion by force, and the guard that takes it back.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { type App, openApp } from "../../src/app.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { type Control, openControl } from "../../src/control.ts";
import { eventLog } from "../../src/engine/events.ts";
import { schedules } from "../../src/engine/schedule.ts";
import { runTriggers } from "../../src/engine/triggers.ts";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import { random } from "../../src/lib/random.ts";
import { graph } from "../../src/onnx/graph.ts";
import type { Signature } from "../../src/onnx/signature.ts";
import type { JudgeOutcome } from "../../src/pipelines/judge.ts";
import { promote } from "../../src/pipelines/promote.ts";
import type { TrainOutcome } from "../../src/pipelines/train.ts";
import { schedulesOf, triggersOf } from "../../src/pipelines/triggers.ts";
import type { WatchOutcome } from "../../src/pipelines/watch.ts";
import { register } from "../../src/registry/register.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

const DAY = 86_400_000;
const START = Date.UTC(2025, 6, 1);
const ROWS_A_DAY = 150;
const MODEL = "churn";
const log = quietLog();
const chance = random("loop");

let folder: string;
let config: Config;
let app: App;
let gateway: Gateway;
let control: Control;
let secondTriggers: { stop(): Promise<void> };
/** The next day to be lived through. */
let today = START;
/** After the change customers spend more, and age counts the other way. */
let changed = false;

const normal = (): number => {
  const radius = Math.sqrt(-2 * Math.log(1 - chance.next()));
  return radius * Math.cos(2 * Math.PI * chance.next());
};

interface Customer {
  readonly row: Readonly<Record<string, string | number>>;
  readonly churned: "yes" | "no";
}

let customers = 0;
function customer(at: number): Customer {
  const spend = normal() + (changed ? 1.5 : 0);
  const age = normal();
  const plan = ["free", "team", "business"][chance.int(3)]!;
  const z = 1.2 * spend + (changed ? -2 : 2) * age + (plan === "free" ? 0.8 : 0) - 1;
  return {
    row: {
      customer: `customer-${customers++}`,
      at: new Date(at).toISOString(),
      spend: Number(spend.toFixed(4)),
      age: Number((40 + 12 * age).toFixed(3)),
      plan,
    },
    churned: chance.next() < 1 / (1 + Math.exp(-z)) ? "yes" : "no",
  };
}

const project = (replay: boolean) => `export default {
  replay: ${replay},
  datasets: { customers: { source: "customers.csv", key: "customer", time: "at" } },
  models: { ${MODEL}: {
    dataset: "customers", target: "churned", positive: "yes",
    train: { budget: "2s", trainers: ["baseline", "linear", "gbdt"] },
    abstain: { coverage: 0.9 },
    deploy: { shadow: { minLabels: 100 } },
    retrain: { every: "week", onDrift: true, onCodeChange: false },
  } },
};\n`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-loop-"));
  chmodSync(folder, 0o755);
  const past = Array.from({ length: 1200 }, (_, i) => customer(START - (1200 - i) * 1_800_000));
  const names = Object.keys(past[0]!.row);
  writeFileSync(
    join(folder, "customers.csv"),
    `${[
      [...names, "churned"].join(","),
      ...past.map(({ row, churned }) => [...names.map((name) => row[name]), churned].join(",")),
    ].join("\n")}\n`,
  );
  writeFileSync(join(folder, "millwright.config.ts"), project(true));
  config = readConfig(
    { MILLWRIGHT_PORT: "0", MILLWRIGHT_GATEWAY_PORT: "0", MILLWRIGHT_THREADS: "2" },
    folder,
  );
  app = await openApp({ config, log, work: "yes" });
  control = await openControl(app, config, log);
  // As a second control process would: nothing may start twice.
  const { engine, clock } = app.platform;
  secondTriggers = await runTriggers({
    ...{ engine, clock, log, schedules: schedules(app.sql, engine.submit) },
    ...{ events: eventLog(app.sql), triggers: triggersOf(app.platform), everyMs: 200 },
  });
  gateway = await openGateway(
    {
      ...{ runtime: await onnxRuntime(), blobs: app.platform.blobs, sql: app.sql, log },
      version: "loop",
    },
    { port: 0, dataDir: config.dataDir },
  );
});
afterAll(async () => {
  await gateway?.close();
  await secondTriggers?.stop();
  await control?.close();
  await app?.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = async <T>(pipeline: string, input: object): Promise<T> => {
  const { engine } = app.platform;
  return engine.wait<T>(await engine.submit(pipeline, { model: MODEL, ...input }));
};
const alias = async (name: "champion" | "challenger") => {
  const id = await app.platform.registry.alias(MODEL, name);
  return id && (await app.platform.registry.get(id))?.number;
};
const trainings = async () => {
  const all = await app.platform.engine.list({ pipeline: "train" });
  return all.filter(({ id }) => id.startsWith("run_retrain-on-incident"));
};

/** A day of customers: asked about over HTTP at their time, and by midnight it is known who left. */
async function live(): Promise<{ versions: Set<number>; watched: WatchOutcome }> {
  const api = client(serving, { url: gateway.url });
  await api.refreshRoutes({ model: MODEL });
  const day = Array.from({ length: ROWS_A_DAY }, (_, i) =>
    customer(today + (i * DAY) / ROWS_A_DAY),
  );
  const versions = new Set<number>();
  for (let from = 0; from < day.length; from += 50) {
    const some = day.slice(from, from + 50);
    const { predictions } = await api.predict({ model: MODEL, rows: some.map(({ row }) => row) });
    for (const { version } of predictions) versions.add(version);
    const at = today + DAY - 1;
    await api.giveFeedback({
      model: MODEL,
      feedback: predictions.map(({ id }, i) => ({ id, label: some[i]!.churned, at })),
    });
  }
  await shadowHasAnswered();
  const window = { start: today, end: today + DAY, asOf: today + DAY };
  const watched = await run<WatchOutcome>("watch", window);
  today += DAY;
  return { versions, watched };
}

/** What runs beside the champion answers behind the answers. */
async function shadowHasAnswered(): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    if (/^millwright_shadow_queued_rows 0$/m.test(text)) return;
    await pause(10);
  }
}

test("raw data becomes a first champion, and the gateway serves it", async () => {
  const outcome = await run<TrainOutcome>("train", { reason: "the first", asOf: START });
  expect(outcome).toMatchObject({ number: 1, passed: true, deployment: "promoted" });
  expect(await alias("champion")).toBe(1);
  expect((await live()).versions).toEqual(new Set([1]));
});

test("while the world stays as it was, nothing is wrong and nothing starts", async () => {
  for (let day = 0; day < 3; day++) {
    const { watched } = await live();
    expect(watched).toMatchObject({ rows: ROWS_A_DAY, open: [] });
  }
  expect(await run<JudgeOutcome>("judge", { asOf: today })).toMatchObject({ role: "none" });
  expect(await trainings()).toEqual([]);
});

test("the rule to abstain goes from the config to the answer, the log and the windows, which keep its promise", async () => {
  const { registry, predictions, monitoring, evaluationOf } = app.platform;
  const champion = (await registry.find(MODEL, "champion"))!;
  expect(champion.abstain).toMatchObject({ kind: "conformal", coverage: 0.9 });
  const { abstention, verdict } = await evaluationOf(champion);
  expect(abstention!.rule).toEqual(champion.abstain);
  expect(verdict.results.find(({ gate }) => gate === "abstain")).toMatchObject({ pass: true });
  const logged = await predictions.read({ model: MODEL, from: START, to: today });
  const silent = logged.filter(({ abstained }) => abstained).length / logged.length;
  expect(silent).toBeCloseTo(1 - abstention!.cost.answered / abstention!.cost.rows, 0);
  expect(silent).toBeGreaterThan(0);
  for (const { abstention: found } of await monitoring.windows(MODEL)) {
    expect(found!.promise).toMatchObject({ of: "coverage", promised: 0.9, broken: false });
    expect(found!.rate).toBeGreaterThan(0);
  }
});

test("the world changes: one incident, which starts one training, whose version goes into shadow", async () => {
  changed = true;
  const { platform } = app;
  for (let day = 0; day < 6 && (await trainings()).length === 0; day++) {
    await live();
    // Every event so far has been looked at by the triggers.
    for (;;) {
      const [behind] = await app.sql.query<{ behind: boolean }>(
        `select exists (select from millwright.event e, millwright.event_consumer c
           where c.name = 'retrain-on-incident' and e.id > c.last_id and e.type like 'incident.%'
             and e.type <> 'incident.closed') as behind`,
      );
      if (!behind!.behind) break;
      await pause(20);
    }
  }
  const incidents = await platform.monitoring.incidents(MODEL);
  expect(incidents.length).toBe(1);
  expect(incidents[0]).toMatchObject({ state: "open", action: "retrain" });
  const [training, ...others] = await trainings();
  expect(others).toEqual([]);
  const outcome = await platform.engine.wait<TrainOutcome>(training!.id);
  expect(training!.input).toMatchObject({ reason: incidents[0]!.headline });
  expect(outcome).toMatchObject({ number: 2, deployment: "shadow" });
  expect([await alias("champion"), await alias("challenger")]).toEqual([1, 2]);
});

test("the challenger is judged on live traffic, and becomes champion on evidence", async () => {
  let judged: JudgeOutcome | undefined;
  for (let day = 0; day < 12 && judged?.action !== "promoted"; day++) {
    const { versions } = await live();
    expect(versions).toEqual(new Set([1]));
    judged = await run<JudgeOutcome>("judge", { asOf: today });
    expect(["waiting", "promoted"]).toContain(judged.action);
  }
  expect(judged).toMatchObject({ role: "shadow", action: "promoted" });
  expect(judged!.decision!.outcome).toBe("promote");
  expect([await alias("champion"), await alias("challenger")]).toEqual([2, undefined]);
  expect((await live()).versions).toEqual(new Set([2]));
  expect((await app.platform.monitoring.incidents(MODEL)).length).toBe(1);
});

test("a bad version promoted by force is rolled back by its guard", async () => {
  const { platform } = app;
  const champion = (await platform.registry.find(MODEL, "champion"))!;
  const worst = contrary(champion.signature);
  const bad = await register(platform, {
    ...champion,
    ...{ trainer: "by hand", params: {}, runId: "by hand", parent: champion.id },
    signature: worst.signature,
    onnx: await platform.blobs.put(worst.onnx),
  });
  expect(bad.number).toBe(3);
  await promote(platform, {
    ...{ model: MODEL, version: bad.id, guard: true, at: today },
    ...{ reason: "by force, for this test", verdict: undefined, runId: undefined },
  });
  let judged: JudgeOutcome | undefined;
  for (let day = 0; day < 8 && judged?.action !== "rolled back"; day++) {
    expect((await live()).versions).toEqual(new Set([3]));
    judged = await run<JudgeOutcome>("judge", { asOf: today });
  }
  expect(judged).toMatchObject({ role: "guard", action: "rolled back" });
  expect(await alias("champion")).toBe(2);
  expect((await platform.serving.route(MODEL))!.shadow).toBeUndefined();
  expect((await live()).versions).toEqual(new Set([2]));
});

test("every move of an alias is on file with who, when and why", async () => {
  const { registry } = app.platform;
  const numberOf = new Map((await registry.versions(MODEL)).map((v) => [v.id, v.number]));
  const moves = (await registry.moves(MODEL)).reverse().map((move) => ({
    ...{ alias: move.alias, to: move.version && numberOf.get(move.version), reason: move.reason },
    ...{ byRun: move.runId !== undefined, verdict: move.verdict !== undefined },
  }));
  const why = (text: RegExp) => expect.stringMatching(text);
  expect(moves.slice(0, 6)).toEqual([
    { alias: "champion", to: 1, reason: why(/^first version; /), byRun: true, verdict: true },
    { alias: "challenger", to: 2, reason: why(/live traffic/), byRun: true, verdict: true },
    { alias: "champion", to: 2, reason: why(/\w/), byRun: true, verdict: true },
    { alias: "challenger", to: undefined, reason: why(/champion/), byRun: true, verdict: false },
    { alias: "champion", to: 3, reason: why(/by force/), byRun: false, verdict: false },
    { alias: "champion", to: 2, reason: why(/former champion/), byRun: true, verdict: true },
  ]);
  const at = (await registry.moves(MODEL)).map((move) => move.at);
  expect(at).toEqual([...at].sort((a, b) => b - a));
});

test("in a replayed project nothing starts by the clock; elsewhere each tick starts a run once, however many look", async () => {
  const { engine, project: read } = app.platform;
  const plan = schedules(app.sql, engine.submit);
  expect(await plan.list()).toEqual([]);
  const { definition } = await read();
  const wanted = schedulesOf({ ...definition, replay: false }, "sha256:0");
  expect(wanted.map(({ name }) => name).sort()).toEqual([
    ...[`judge:${MODEL}`, "tidy-log", `train:${MODEL}`, `watch:${MODEL}`],
  ]);
  const now = app.platform.clock.now();
  for (const schedule of wanted) await plan.put(schedule, now);
  const again = schedules(app.sql, engine.submit);
  const later = now + 8 * DAY;
  const started = await Promise.all([plan.tick(later), again.tick(later), plan.tick(later)]);
  expect(new Set(started.flat()).size).toBe(4);
  expect(started.flat().length).toBe(4);
  expect(await plan.tick(later)).toEqual([]);
  for (const id of started.flat()) await engine.cancel(id);
  for (const { name } of wanted) await plan.remove(name);
});

/** A model that says the opposite of what spending tells. */
function contrary(signature: Signature): { onnx: Uint8Array; signature: Signature } {
  const g = graph();
  const spend = g.input("spend", "float32", ["N", 1]);
  const yes = g.node("Sigmoid", [
    g.node("Add", [
      g.node("Mul", [spend, g.constant("float32", [1], [-3])]),
      g.constant("float32", [1], [2]),
    ]),
  ]);
  const no = g.node("Sub", [g.constant("float32", [1], [1]), yes]);
  g.node("Concat", [no, yes], { axis: 1 }, { outputs: ["probability"] });
  g.output("probability", "float32", ["N", 2]);
  const own: Signature = { ...signature, columns: [{ name: "spend", role: "numeric" }] };
  return { onnx: g.encode(own), signature: own };
}
