import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { journalRoot, newAttempt } from "../../src/gateway/prediction-log.ts";
import { type Digest, digestOf } from "../../src/lib/digest.ts";
import { newId } from "../../src/lib/ids.ts";
import { type Random, random } from "../../src/lib/random.ts";
import { eraseKey } from "../../src/serving/log/erase-key.ts";
import { findPrediction } from "../../src/serving/log/find-prediction.ts";
import { pageLog } from "../../src/serving/log/page-log.ts";
import { inOrder, type LogQuery, VARIANTS } from "../../src/serving/log/query.ts";
import { predictionRoutes } from "../../src/serving/log/routes.ts";
import { scanLog } from "../../src/serving/log/scan-log.ts";
import { type LogStore, logStore } from "../../src/serving/log/store.ts";
import { tidyLog } from "../../src/serving/log/tidy-log.ts";
import { profileTraffic, type TrafficProfile } from "../../src/serving/log/traffic-profile.ts";
import { windowProfile } from "../../src/serving/log/window-profile.ts";
import type { LogRecord, PredictionRecord } from "../../src/serving/prediction.ts";
import { type LoggedPrediction, readLog } from "../../src/serving/read-log.ts";
import { ship } from "../../src/serving/ship.ts";
import type { Blobs } from "../../src/storage/blobs/blobs.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import type { Columns } from "../../src/storage/columns/columns.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { type Journal, openJournal } from "../../src/storage/journal/journal.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 5, 15, 12);

let db: TestDatabase;
let store: LogStore;
let blobs: Blobs;
let columns: Columns;
let rng: Random;
let journal: Journal;
/** Each test a log of its own: another model, another journal. */
let n = 0;
let model = "";
let root = "";

beforeAll(async () => {
  db = await testDatabase();
  store = logStore(db.sql);
  blobs = fileBlobs(join(db.folder, "blobs"));
  columns = await duckdbColumns({ scratch: join(db.folder, "scratch") });
});
afterAll(async () => {
  await columns?.close();
  await db?.stop();
});
beforeEach(async () => {
  await journal?.close();
  model = `mail${++n}`;
  root = join(db.folder, `log${n}`);
  rng = random(model);
  journal = await openJournal(journalRoot(root));
  await db.sql.query(
    "truncate millwright.prediction_segment, millwright.feedback, millwright.prediction_garbage cascade",
  );
});

const deps = () => ({
  ...{ columns, blobs, store, log: quietLog() },
  journals: journalsIn(journalRoot(root)),
  breathe: async () => {},
  newAttempt,
});

const idAt = (ms: number) => newId("pred", ms, () => rng.next());

function prediction(at: number, given: Partial<PredictionRecord> = {}): PredictionRecord {
  const p = rng.next();
  return {
    ...{ id: idAt(at), model, version: digestOf("1"), variant: "champion", at, eventTime: at },
    key: `k${rng.int(20)}`,
    inputs: { amount: rng.normal(), subject: `s${rng.int(5)}`, vip: rng.next() < 0.1 },
    output: [p],
    label: p < 0.5 ? "no" : "yes",
    ...(p > 0.45 && p < 0.55 ? { abstained: true } : {}),
    latencyMs: rng.int(20),
    ...given,
  };
}

const write = (records: readonly (PredictionRecord | LogRecord)[]) =>
  journal.append(
    records.map((record) =>
      JSON.stringify("kind" in record ? record : { kind: "prediction", ...record }),
    ),
  );

async function shipped(records: readonly (PredictionRecord | LogRecord)[]): Promise<void> {
  await write(records);
  await journal.rotate();
  await ship(deps());
}

const feedback = (id: string, label: string, at: number): LogRecord => ({
  ...{ kind: "feedback", id, model, label, at },
});

const all = (query: Partial<LogQuery> = {}): Promise<LoggedPrediction[]> =>
  readLog(deps(), { model, from: 0, to: 1e15, variant: VARIANTS, ...query });

/** Rows of ten hours in eleven segments, the last still in the journal; each segment's rows spread over two hours. */
async function tenHours(): Promise<PredictionRecord[]> {
  const records: PredictionRecord[] = [];
  for (let hour = 0; hour <= 10; hour++) {
    const own = Array.from({ length: 30 }, (_, i) =>
      prediction(NOW - DAY + hour * HOUR + rng.int(2 * HOUR), {
        variant: i % 10 === 0 ? "shadow" : "champion",
        version: digestOf(i % 3 === 0 ? "2" : "1"),
      }),
    );
    records.push(...own);
    await (hour < 10 ? shipped(own) : write(own));
  }
  return records;
}

/** Everything that is exact. */
const exactly = (p: TrafficProfile) => ({
  ...{ rows: p.rows, abstained: p.abstained, labels: p.labels, keys: p.keys },
  ...{ firstEvent: p.firstEvent, lastEvent: p.lastEvent, subject: p.inputs.subject },
  amount: p.inputs.amount?.numbers?.quantiles,
  vip: p.inputs.vip?.numbers?.moments.n,
  output: p.outputs[0]?.quantiles,
  latency: p.latencyMs.quantiles,
});

describe("the profile of a window", () => {
  test("is that of its rows, whichever way the window cuts the segments", async () => {
    const records = await tenHours();
    for (let i = 0; i < 12; i++) {
      const from = NOW - DAY - HOUR + rng.int(8 * HOUR);
      const to = from + rng.int(12 * HOUR);
      const query = {
        ...{ model, from, to },
        ...(i % 3 === 0 ? { version: digestOf("2") } : {}),
        ...(i % 2 === 0 ? { variant: VARIANTS } : {}),
      };
      const own = records.filter(
        (r) =>
          r.eventTime >= from &&
          r.eventTime < to &&
          (query.version === undefined || r.version === query.version) &&
          (query.variant !== undefined || r.variant === "champion"),
      );
      expect(exactly(await windowProfile(deps(), query))).toEqual(exactly(profileTraffic(own)));
    }
  });

  test("of a window with whole segments reads no rows", async () => {
    await tenHours();
    await journal.rotate();
    await ship(deps());
    const blind: Columns = {
      ...columns,
      scan: () => {
        throw new Error("rows were read");
      },
    };
    const query = { model, from: NOW - 10 * DAY, to: NOW + DAY, variant: VARIANTS };
    expect((await windowProfile({ ...deps(), columns: blind }, query)).rows).toBe(330);
    await expect(
      windowProfile({ ...deps(), columns: blind }, { ...query, from: NOW - DAY + 2.5 * HOUR }),
    ).rejects.toThrow("rows were read");
  });

  test("volumes by hour count every row once, also when two ship at once", async () => {
    const records = Array.from({ length: 50 }, (_, i) => prediction(NOW - (i % 3) * HOUR));
    await write(records);
    await journal.rotate();
    await Promise.allSettled([ship(deps()), ship(deps()), ship(deps())]);
    const volumes = await store.volumes(model, 0, 1e15);
    expect(volumes.map(({ hour }) => hour)).toEqual([NOW - 2 * HOUR, NOW - HOUR, NOW]);
    expect(volumes.reduce((sum, v) => sum + v.rows, 0)).toBe(50);
    const abstained = records.filter((r) => r.abstained).length;
    expect(volumes.reduce((sum, v) => sum + v.abstained, 0)).toBe(abstained);
  });
});

describe("pages", () => {
  test("walk through the log in either order, each row once, with any filter", async () => {
    const records = await tenHours();
    await write(records.slice(0, 20).map(({ id }, i) => feedback(id, "yes", NOW + i)));
    const filters: Partial<LogQuery>[] = [
      {},
      { key: "k3" },
      { label: "yes" },
      { abstained: true },
      { withFeedback: true },
      { variant: "shadow" },
      { version: digestOf("2"), from: NOW - DAY + 3 * HOUR },
      { id: records[7]!.id },
    ];
    for (const [i, filter] of filters.entries()) {
      const order = i % 2 === 0 ? "newest" : "oldest";
      const query = { model, from: 0, to: 1e15, variant: VARIANTS, ...filter };
      const walked: LoggedPrediction[] = [];
      let after: string | undefined;
      do {
        const page = await pageLog(deps(), { ...query, order, limit: 1 + rng.int(60), after });
        walked.push(...page.predictions);
        after = page.next;
      } while (after !== undefined);
      expect(walked).toEqual((await readLog(deps(), query)).sort(inOrder(order)));
      expect(walked.length).toBeGreaterThan(0);
    }
    await expect(
      pageLog(deps(), { model, from: 0, to: 1e15, limit: 1, after: "nonsense" }),
    ).rejects.toMatchObject({ code: "invalid_input" });
  });

  test("the first page of a long log reads its end only", async () => {
    await tenHours();
    let files = 0;
    const counting: Columns = {
      ...columns,
      describe: (path) => {
        files++;
        return columns.describe(path);
      },
    };
    const { predictions } = await pageLog(
      { ...deps(), columns: counting },
      { model, from: 0, to: 1e15, limit: 5 },
    );
    expect(predictions).toHaveLength(5);
    expect(files).toBeLessThan(4);
  });

  test("a scan sees what reading sees, batch by batch", async () => {
    await tenHours();
    const scanned: LoggedPrediction[] = [];
    let batches = 0;
    for await (const batch of scanLog(deps(), { model, from: 0, to: 1e15 })) {
      scanned.push(...batch);
      batches++;
    }
    expect(batches).toBe(11);
    expect(scanned.sort(inOrder("oldest"))).toEqual(await all({ variant: "champion" }));
  });
});

describe("feedback", () => {
  test("finds its prediction months later, before it is shipped, and when they disagree the last by time counts", async () => {
    const old = prediction(NOW - 200 * DAY);
    const early = prediction(NOW);
    await shipped([old, feedback(early.id, "no", NOW + 5)]);
    await shipped([prediction(NOW - 5 * DAY)]);
    await shipped([feedback(old.id, "yes", NOW), early]);
    await shipped([feedback(old.id, "no", NOW - DAY), feedback(early.id, "yes", NOW + 5)]);
    await write([feedback(old.id, "yes", NOW - 2 * DAY)]);
    const found = await findPrediction(deps(), { model, id: old.id });
    expect(found).toMatchObject({ ...old, truth: { label: "yes", at: NOW }, beside: [] });
    // Of equal times the one that came last.
    expect((await findPrediction(deps(), { model, id: early.id }))?.truth?.label).toBe("yes");
    expect((await all({ withFeedback: true })).map(({ id }) => id)).toEqual([old.id, early.id]);
  });

  test("of a window is found with its predictions of any age, and no other segment is read", async () => {
    const ages = [200, 120, 119, 60, 3, 2, 1];
    const asked = ages.map((days) => prediction(NOW - days * DAY));
    for (const one of asked) await shipped([one, prediction(one.at + 1)]);
    const told = [asked[1]!, asked[2]!, asked[5]!];
    await shipped(told.map(({ id }, i) => feedback(id, "yes", NOW + i)));
    await shipped([
      feedback(asked[3]!.id, "yes", NOW - DAY),
      feedback(told[0]!.id, "no", NOW - DAY),
    ]);
    const fresh = prediction(NOW);
    await write([fresh, feedback(fresh.id, "no", NOW + 1), feedback(told[1]!.id, "no", NOW + 9)]);
    let files = 0;
    const counting: Columns = {
      ...columns,
      describe: (path) => {
        files++;
        return columns.describe(path);
      },
    };
    const query = { model, from: 0, to: 1e15, truthWithin: { from: NOW, to: NOW + 5 } };
    const found = await readLog({ ...deps(), columns: counting }, query);
    // The second's last word is of later.
    expect(found.map(({ id }) => id)).toEqual([told[0]!.id, told[2]!.id, fresh.id]);
    expect(files).toBe(3);
  });

  test("without a prediction is kept, said to be unmatched, and counts when the prediction comes", async () => {
    const [known, late, never] = [
      prediction(NOW - 2 * DAY),
      prediction(NOW - DAY),
      idAt(NOW - DAY),
    ];
    const given = [known.id, late.id, never].map((id) => feedback(id, "yes", NOW));
    await shipped([known, ...given, feedback(idAt(NOW), "no", NOW)]);
    const tidy = () => tidyLog(deps(), { now: NOW, keepSince: new Map() });
    // The youngest may still be on its way.
    expect(await tidy()).toMatchObject({ unmatched: 2 });
    expect(await store.countUnmatched(model)).toBe(2);
    await shipped([late]);
    expect(await tidy()).toMatchObject({ unmatched: 1 });
    expect(await store.countUnmatched(model)).toBe(1);
    expect(await all({ withFeedback: true })).toHaveLength(2);
  });
});

describe("looking after the log", () => {
  const tidy = (keepSince: ReadonlyMap<string, number> = new Map(), now = NOW) =>
    tidyLog(deps(), { now, keepSince });

  test("small segments become one; nothing changes for readers, nor for a shipper that comes late", async () => {
    await tenHours();
    await journal.rotate();
    await ship(deps());
    const ids = await db.sql.query<{ id: string }>("select id from millwright.prediction_segment");
    const before = await all();
    const query = { model, from: NOW - DAY + HOUR, to: NOW - DAY + 7 * HOUR };
    const profile = exactly(await windowProfile(deps(), query));
    expect(await tidy(new Map(), NOW + 2 * DAY)).toMatchObject({ joined: 11, expired: 0 });
    expect(await store.segments()).toHaveLength(1);
    expect(await all()).toEqual(before);
    expect(exactly(await windowProfile(deps(), query))).toEqual(profile);
    expect(await tidy(new Map(), NOW + 2 * DAY)).toMatchObject({ joined: 0 });
    for (const { id } of ids) expect(await store.isShipped(id)).toBe(true);
    const one = before.findLast(({ variant }) => variant === "champion")!;
    expect(await findPrediction(deps(), { model, id: one.id })).toMatchObject(one);
  });

  test("who reads while segments are replaced sees every row; the files go later", async () => {
    await tenHours();
    await journal.rotate();
    await ship(deps());
    const before = await all();
    const reading = scanLog(deps(), { model, from: 0, to: 1e15, variant: VARIANTS });
    const seen = [...((await reading.next()).value as LoggedPrediction[])];
    await tidy(new Map(), NOW + 2 * DAY);
    for await (const batch of reading) seen.push(...batch);
    expect(seen.sort(inOrder("oldest"))).toEqual(before);
    const unused = await db.sql.query<{ digest: Digest }>(
      "select digest from millwright.prediction_garbage",
    );
    expect(unused.length).toBe(22);
    expect(await tidy(new Map(), Date.now() + HOUR)).toMatchObject({ files: 22 });
    for (const { digest } of unused) expect(await blobs.has(digest)).toBe(false);
    expect(await all()).toEqual(before);
  });

  test("what is too old goes, also from a segment shared with a model that keeps everything", async () => {
    const other = `${model}x`;
    const old = prediction(NOW - 50 * DAY);
    const kept = prediction(NOW - 50 * DAY, { model: other });
    const young = prediction(NOW - DAY);
    await shipped([
      old,
      kept,
      feedback(old.id, "yes", NOW),
      { ...feedback(kept.id, "no", NOW), model: other },
    ]);
    await shipped([prediction(NOW - 60 * DAY)]);
    await shipped([young, feedback(young.id, "yes", NOW)]);
    const keepSince = new Map([[model, NOW - 30 * DAY]]);
    expect(await tidy(keepSince)).toMatchObject({ expired: 2, feedback: 1 });
    expect((await all()).map(({ id, truth }) => [id, truth?.label])).toEqual([[young.id, "yes"]]);
    expect(await all({ model: other })).toMatchObject([{ id: kept.id, truth: { label: "no" } }]);
    expect((await store.volumes(model, 0, 1e15)).map(({ hour }) => hour)).toEqual([NOW - DAY]);
    expect(await tidy(keepSince)).toMatchObject({ expired: 0, feedback: 0 });
  });

  test("one entity is erased: shipped, joined, in shadow, in a journal, with its feedback; and nobody else", async () => {
    const records = await tenHours();
    const theirs = records.filter(({ key }) => key === "k7");
    await write(theirs.map(({ id }) => feedback(id, "yes", NOW)));
    await tidy(new Map(), NOW + 2 * DAY);
    const others = (await all()).filter(({ key }) => key !== "k7");
    const erased = await eraseKey(deps(), { model, key: "k7", at: NOW });
    expect(erased.segments).toBe(1);
    await journal.rotate();
    await ship(deps());
    expect(await all()).toEqual(others);
    expect(
      (await windowProfile(deps(), { model, from: 0, to: 1e15, variant: VARIANTS })).rows,
    ).toBe(others.length);
    expect(await eraseKey(deps(), { model, key: "k7", at: NOW })).toMatchObject({ predictions: 0 });
    // The person may come back.
    await shipped([prediction(NOW + HOUR, { key: "k7" })]);
    expect(await all({ key: "k7" })).toHaveLength(1);
    const [kept] = await db.sql.query<{ key_digest: string }>(
      "select key_digest from millwright.prediction_erasure where model = $1",
      [model],
    );
    expect(kept!.key_digest).toMatch(/^sha256:/);
  });

  test("a segment that was read before an erasure is not added after it", async () => {
    await write([prediction(NOW, { key: "k7" })]);
    await journal.rotate();
    const late = {
      ...store,
      isShipped: async (id: string) => {
        await Promise.resolve();
        return store.isShipped(id);
      },
    };
    const before = await store.erasures();
    await eraseKey(deps(), { model, key: "k7", at: NOW });
    const stale: LogStore = { ...late, erasures: async () => before };
    await expect(ship({ ...deps(), store: stale })).rejects.toMatchObject({ code: "conflict" });
    await ship(deps());
    expect(await all()).toEqual([]);
  });

  test("two at once do not lose or double a row", async () => {
    await tenHours();
    await journal.rotate();
    await ship(deps());
    const before = (await all()).filter(({ key }) => key !== "k3");
    await Promise.all([
      tidy(new Map(), NOW + 2 * DAY),
      tidy(new Map(), NOW + 2 * DAY),
      eraseKey(deps(), { model, key: "k3", at: NOW }),
    ]);
    expect(await all()).toEqual(before);
  });
});

describe("the control API", () => {
  const VERSIONS = [
    { id: digestOf("1"), number: 1 },
    { id: digestOf("2"), number: 2 },
  ];
  const erased: string[] = [];
  const call = async <T>(method: string, path: string, given: Record<string, string> = {}) => {
    const d = deps();
    const routes = predictionRoutes({
      page: (query) => pageLog(d, query),
      find: (query) => findPrediction(d, query),
      profile: (query) => windowProfile(d, query),
      volumes: store.volumes,
      unmatched: store.countUnmatched,
      versions: async () => VERSIONS,
      version: async (_, name) => VERSIONS.find(({ number }) => String(number) === name)!.id,
      async erase({ model: of, key, reason }) {
        erased.push(reason);
        return eraseKey(d, { model: of, key, at: NOW });
      },
    });
    const route = routes.find((r) => r.method === method && r.path.endsWith(path))!;
    const { id, ...rest } = given;
    const answer = await route.handle({
      ...{ id: "req", headers: {}, at: NOW, params: { model, ...(id && { id }) } },
      ...{ query: method === "GET" ? rest : {}, body: method === "GET" ? undefined : rest },
    });
    return answer.body as T;
  };
  type Page = { predictions: { id: string; version: number; truth: unknown }[]; next: string };

  test("lists page by page, shows one, counts by hour, sums up, erases", async () => {
    const records = await tenHours();
    const [one] = records.filter(({ variant }) => variant === "champion");
    await write([feedback(one!.id, "yes", NOW)]);
    const first = await call<Page>("GET", "/predictions", { limit: "10", version: "2" });
    expect(first.predictions).toHaveLength(10);
    expect(first.predictions[0]).toMatchObject({ version: 2, variant: "champion" });
    const next = await call<Page>("GET", "/predictions", {
      ...{ limit: "1000", version: "2", cursor: first.next },
    });
    const all = records.filter((r) => r.version === digestOf("2") && r.variant === "champion");
    expect(next.predictions).toHaveLength(all.length - 10);
    expect(next.next).toBeNull();
    const known = await call<Page>("GET", "/predictions", { withTruth: "true" });
    expect(known.predictions.map(({ id }) => id)).toEqual([one!.id]);
    expect(await call("GET", "/{id}", { id: one!.id })).toMatchObject({
      ...{ id: one!.id, inputs: one!.inputs, key: one!.key, truth: { label: "yes" } },
    });
    await expect(call("GET", "/{id}", { id: idAt(NOW) })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(call("GET", "/predictions", { from: "yesterday" })).rejects.toThrow(/^from: /);

    const { hours } = await call<{ hours: { rows: number }[] }>("GET", "/volume");
    // The last segment is not shipped yet.
    expect(hours.reduce((sum, { rows }) => sum + rows, 0)).toBe(270);
    const from = new Date(NOW - DAY + 2 * HOUR).toISOString();
    const traffic = await call<{ rows: number; inputs: { name: string; missing: number }[] }>(
      "GET",
      "/traffic",
      { from, variant: "all" },
    );
    const later = records.filter((r) => r.eventTime >= NOW - DAY + 2 * HOUR);
    expect(traffic.rows).toBe(later.length);
    expect(traffic.inputs.map(({ name, missing }) => [name, missing])).toEqual([
      ["amount", 0],
      ["subject", 0],
      ["vip", 0],
    ]);
    const reason = "asked by its owner";
    await call("POST", "/erase", { key: one!.key!, reason });
    expect(erased).toEqual([reason]);
    expect(
      (await call<Page>("GET", "/predictions", { key: one!.key!, to: String(NOW - HOUR * 13) }))
        .predictions,
    ).toEqual([]);
  });
});
