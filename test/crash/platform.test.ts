/** kill -9 of every process of a whole installation, at the worst moments, on real data and under traffic. */
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { journalRoot } from "../../src/gateway/prediction-log.ts";
import { logStore } from "../../src/serving/log/store.ts";
import { readLog } from "../../src/serving/read-log.ts";
import { servingStore } from "../../src/serving/store.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import { processAlive } from "../../src/storage/sql/process-alive.ts";
import {
  completed,
  type Installation,
  installation,
  killNow,
  type Observer,
  reaches,
  until,
} from "./installation.ts";
import { type Traffic, traffic } from "./traffic.ts";

const MODELS = 17;
let home: Installation;
let observer: Observer;
let calls: Traffic;
let used = 0;

const trainNext = async (more: { budget?: { trials: number } } = {}) => {
  const model = `mail${used++}`;
  const run = await observer.engine.submit("train", {
    ...{ model, reason: "crash test" },
    ...more,
  });
  return { model, run };
};

/** The run is over, and has had its effects once. */
async function expectOneOf({ model, run }: { model: string; run: string }): Promise<void> {
  const outcome = await observer.engine.wait<{ deployment: string }>(run);
  expect(outcome.deployment).toBe("promoted");
  const versions = await observer.registry.versions(model);
  expect(versions.length).toBe(1);
  expect((await observer.registry.moves(model)).map((m) => [m.alias, m.version])).toEqual([
    ["champion", versions[0]!.id],
  ]);
  const route = await servingStore(observer.sql).route(model);
  expect(route?.champion?.id).toBe(versions[0]!.id);
  const told = await observer.sql.query(
    "select id from millwright.event where type = 'model.promoted' and subject = $1",
    [model],
  );
  expect(told.length).toBe(1);
}

/** Besides the one that was in flight, no step began twice. */
async function expectRepeated(run: string, inFlight: readonly string[]): Promise<void> {
  const steps = await observer.engine.steps(run);
  expect(steps.filter((step) => step.state !== "succeeded")).toEqual([]);
  const again = steps.filter((step) => step.attempts !== 1).map((step) => step.name);
  expect(again.filter((name) => !inFlight.includes(name))).toEqual([]);
}

beforeAll(async () => {
  home = await installation(MODELS);
  await home.up();
  observer = await home.observe();
  const first = await trainNext();
  await expectOneOf(first);
  calls = traffic(home.gatewayUrl, first.model);
  await calls.more(5);
});
afterAll(async () => {
  await calls?.stop();
  await observer?.close();
  await home?.remove();
});

describe("kill -9 of the worker", () => {
  test.each([
    ["ingest:written", "ingest"],
    ["fit:written", "fit"],
    ["register:kept", "register"],
    ["promote:moved", "deploy"],
    ["promote:committed", "deploy"],
  ])("at %s: the next one goes on with step %s", async (point, step) => {
    home.dieAt(point);
    const training = await trainNext();
    await expectOneOf(training);
    expect(home.diedThere()).toBe(true);
    await expectRepeated(training.run, [step]);
  });

  test("in the middle of a search: only the round in flight is repeated", async () => {
    home.dieAt("before-journal/search: round 2");
    const training = await trainNext({ budget: { trials: 20 } });
    await expectOneOf(training);
    expect(home.diedThere()).toBe(true);
    await expectRepeated(training.run, ["search: round 2"]);
    const steps = (await observer.engine.steps(training.run)).map(({ name }) => name);
    expect(steps).toEqual(expect.arrayContaining(["search: round 1", "search: round 3"]));
  });

  test("at watch:kept: the incident that is on file is announced once", async () => {
    // Mails as the model has never seen them, and without one of its columns.
    await calls.more(120);
    home.dieAt("watch:kept");
    const start = Date.UTC(2003, 0, 1);
    const input = { model: "mail0", start, end: start + 86_400_000 };
    const run = await observer.engine.submit("watch", input);
    const outcome = await observer.engine.wait<{ rows: number; opened: string[] }>(run);
    expect(home.diedThere()).toBe(true);
    expect(outcome.rows).toBeGreaterThan(0);
    const announced = await observer.sql.query(
      "select id from millwright.event where type like 'incident.%' and subject = 'mail0'",
    );
    const kept = await observer.sql.query("select id from millwright.incident");
    expect(kept.length).toBe(1);
    expect(announced.length).toBe(kept.length);
    expect(outcome.opened.length).toBe(kept.length);
    await expectRepeated(run, ["examine"]);
  });
});

describe("kill -9 of the gateway", () => {
  test.each(["predict:scored", "predict:logged", "feedback:logged"])(
    "at %s: it comes back and answers",
    async (point) => {
      const before = calls.lost();
      home.dieAt(point);
      await until(() => home.diedThere());
      await calls.more(20);
      expect(calls.lost()).toBeGreaterThan(before);
    },
  );

  test("while a training runs: the run does not notice", async () => {
    const training = await trainNext();
    await reaches(observer, training.run, "fit");
    killNow(home.parts().gateway!);
    await calls.more(20);
    await expectOneOf(training);
    await expectRepeated(training.run, []);
  });
});

describe("kill -9 of control", () => {
  test("the console and its API come back", async () => {
    const before = home.parts().control!;
    killNow(before);
    await until(async () => {
      const { control } = home.parts();
      const answered = await fetch(home.controlUrl).catch(() => undefined);
      return control !== undefined && control !== before && answered?.ok === true;
    });
    expect((await fetch(home.controlUrl)).headers.get("content-type")).toContain("text/html");
  });
});

describe("kill -9 of PostgreSQL", () => {
  test.each(["fit", "register"])("during %s: it comes back, and the run goes on", async (step) => {
    const training = await trainNext();
    await reaches(observer, training.run, step);
    const before = home.postmaster()!;
    killNow(before);
    await expectOneOf(training);
    expect(home.postmaster()).not.toBe(before);
    // A statement whose connection broke may or may not have happened: the steps around the kill may come twice.
    await expectRepeated(training.run, [step, "register", "deploy"]);
    await calls.more(5);
  });
});

describe("kill -9 of the supervisor", () => {
  test.each(["fit"])("during %s: its parts leave, the next up goes on", async (step) => {
    const training = await trainNext();
    await reaches(observer, training.run, step);
    const parts = Object.values(home.parts());
    home.supervisor().kill("SIGKILL");
    await until(() => parts.every((pid) => !processAlive(pid)));
    const before = await observer.engine.steps(training.run);
    await home.up();
    await expectOneOf(training);
    const after = new Map((await observer.engine.steps(training.run)).map((s) => [s.name, s]));
    const journaled = completed(before).slice(0, -1);
    for (const done of journaled) expect(after.get(done.name)).toEqual(done);
    await calls.more(5);
  });

  test("and at once the next up: it waits for what the dead one left behind", async () => {
    const training = await trainNext();
    await reaches(observer, training.run, "register");
    home.supervisor().kill("SIGKILL");
    await once(home.supervisor(), "exit");
    await home.up();
    await expectOneOf(training);
    await calls.more(5);
  });
});

test("kill -9 of everything at once, PostgreSQL too: the next up goes on", async () => {
  const training = await trainNext();
  await reaches(observer, training.run, "fit");
  const before = completed(await observer.engine.steps(training.run));
  home.supervisor().kill("SIGKILL");
  for (const pid of [...Object.values(home.parts()), home.postmaster()!]) killNow(pid);
  await home.up();
  await expectOneOf(training);
  const after = new Map((await observer.engine.steps(training.run)).map((s) => [s.name, s]));
  for (const done of before.slice(0, -1)) expect(after.get(done.name)).toEqual(done);
  await calls.more(5);
});

test("a second up in the same folder says so, and harms nobody", async () => {
  const before = home.parts();
  const { code, output } = await home.run("up");
  expect(code).toBe(1);
  expect(output).toContain(`up in this folder already (process ${home.supervisor().pid})`);
  expect(home.parts()).toEqual(before);
});

test("a supervisor that is asked to stop leaves nothing behind, and an interrupted run goes on with the next", async () => {
  const training = await trainNext();
  await reaches(observer, training.run, "race: fold 2 of 5");
  const before = completed(await observer.engine.steps(training.run));
  await observer.close();
  const parts = Object.values(home.parts());
  const server = home.postmaster()!;
  home.supervisor().kill("SIGTERM");
  const [code] = await once(home.supervisor(), "exit");
  expect(code).toBe(0);
  expect([...parts, server].filter(processAlive)).toEqual([]);
  await home.up();
  observer = await home.observe();
  await expectOneOf(training);
  const after = new Map((await observer.engine.steps(training.run)).map((s) => [s.name, s]));
  for (const done of before.slice(0, -1)) expect(after.get(done.name)).toEqual(done);
});

test("after all this, every acknowledged prediction and label is in the log, once", async () => {
  await calls.more(5);
  await calls.stop();
  const data = join(home.folder, ".millwright");
  const columns = await duckdbColumns({ scratch: join(home.folder, "scratch-of-test") });
  const log = await readLog(
    {
      ...{ columns, journals: journalsIn(journalRoot(data)) },
      ...{ blobs: fileBlobs(join(data, "blobs")), store: logStore(observer.sql) },
    },
    { model: "mail0", from: 0, to: 1e15 },
  );
  await columns.close();
  const found = new Map(log.map((record) => [record.id, record]));
  expect(found.size).toBe(log.length);
  const missing = [...calls.answers].filter(([id, p]) => found.get(id)?.output[0] !== p);
  expect(missing).toEqual([]);
  const unheard = [...calls.labels].filter(([id, label]) => found.get(id)?.truth?.label !== label);
  expect(unheard).toEqual([]);
  expect(calls.answers.size).toBeGreaterThan(100);
});
