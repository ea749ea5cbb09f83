import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Digest, digestOf } from "../../lib/digest.ts";
import { type TrackingArtifacts, trackingArtifacts } from "../../mlflow-api/artifact-api.ts";
import type { Artifacts } from "../../storage/artifacts/artifacts.ts";
import type { Blobs } from "../../storage/blobs/blobs.ts";
import { fileBlobs } from "../../storage/blobs/files.ts";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import { folderOfOwner } from "./owner.ts";
import { garbageStore } from "./store.ts";

const DAY = 86_400_000;
const NOW = Date.now();
const OLD = NOW - 40 * DAY;
const RUN = (n: number) => `${"0".repeat(31)}${n}`;
const MODEL = (n: number) => `m-${"0".repeat(31)}${n}`;

let db: TestDatabase;
let blobs: Blobs;
let tracking: TrackingArtifacts;
let artifacts: Artifacts;
let n = 0;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.stop());
beforeEach(async () => {
  await db.sql.query(
    `truncate millwright.artifact, millwright.artifact_garbage, millwright.experiment,
       millwright.registered_model, millwright.metric, millwright.latest_metric, millwright.param,
       millwright.run_tag, millwright.trace_link, millwright.model_version cascade`,
  );
  const main = fileBlobs(join(db.folder, `blobs-${n++}`));
  blobs = main.beside("artifacts");
  tracking = trackingArtifacts(
    { sql: db.sql, blobs: main, clock: { now: () => NOW } },
    { scratch: join(db.folder, `scratch-${n}`), artifactRoot: join(db.folder, `root-${n}`) },
  );
  artifacts = tracking.located.proxied;
});

const run = (text: string, values: readonly unknown[] = []) => db.sql.query(text, values);
const experiment = (id: number, deletedAt?: number) =>
  run(
    `insert into millwright.experiment (id, name, artifact_location, lifecycle_stage, created_at, updated_at)
     values ($1::bigint, 'e' || $1::bigint, 'mlflow-artifacts:/' || $1::bigint, $2, 0, $3)`,
    [id, deletedAt === undefined ? "active" : "deleted", deletedAt ?? 0],
  );
async function trackedRun(id: string, of: number, deletedAt?: number, uri?: string) {
  const [row] = await db.sql.query<{ seq: number }>(
    `insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, lifecycle_stage, deleted_at, artifact_uri)
     values ($1, $2, 'n', '', 'FINISHED', 0, $3, $4, $5) returning seq`,
    [
      ...[id, of, deletedAt === undefined ? "active" : "deleted", deletedAt ?? null],
      uri ?? `mlflow-artifacts:/${of}/${id}/artifacts`,
    ],
  );
  await run("insert into millwright.metric values ($1, 1, 0, 0, 0.5)", [row!.seq]);
  await run("insert into millwright.latest_metric values ($1, 1, $2, 0.5, 0, 0)", [row!.seq, of]);
  await run("insert into millwright.param values ($1, 1, 'p')", [row!.seq]);
  await run("insert into millwright.run_tag values ($1, 1, 't')", [row!.seq]);
  await run("insert into millwright.trace_link values ('run', $1, 'tr-1')", [id]);
  await write(`${of}/${id}/artifacts/model/MLmodel`, `of ${id}`);
}
async function loggedModel(id: string, of: number, deletedAt?: number) {
  await run(
    `insert into millwright.logged_model (id, experiment, name, artifact_uri, status, lifecycle_stage, created_at, updated_at)
     values ($1::text, $2::bigint, 'm', 'mlflow-artifacts:/' || $2::bigint || '/models/' || $1::text || '/artifacts', 'LOGGED_MODEL_READY', $3, 0, $4)`,
    [id, of, deletedAt === undefined ? "active" : "deleted", deletedAt ?? 0],
  );
  await run("insert into millwright.logged_model_tag values ($1, 'k', 'v')", [id]);
  await write(`${of}/models/${id}/artifacts/MLmodel`, `of ${id}`);
}
const write = (path: string, text: string) =>
  artifacts.write(
    path,
    (async function* () {
      yield new TextEncoder().encode(text);
    })(),
  );
const collect = (options: { dryRun?: boolean; olderThanMs?: number; now?: number } = {}) =>
  tracking.collectGarbage({ now: NOW, olderThanMs: 30 * DAY, dryRun: false, ...options });
const count = async (table: string): Promise<number> =>
  (await db.sql.query<{ n: number }>(`select count(*) as n from millwright.${table}`))[0]!.n;
const there = async (path: string): Promise<boolean> => {
  const opened = await artifacts.open(path);
  await opened?.close();
  return opened !== undefined;
};
/** As if a content had last been put, and last been an artifact's, two days ago. */
async function age(text: string): Promise<Digest> {
  const digest = digestOf(text);
  utimesSync(await blobs.localPath(digest), (NOW - 2 * DAY) / 1000, (NOW - 2 * DAY) / 1000);
  await run("update millwright.artifact_garbage set since = $2 where digest = $1", [
    digest,
    new Date(NOW - 2 * DAY),
  ]);
  return digest;
}

test("what was deleted long ago goes with all that was logged to it, and nothing else does", async () => {
  await experiment(1);
  await trackedRun(RUN(1), 1);
  await trackedRun(RUN(2), 1, NOW - 10 * DAY);
  await trackedRun(RUN(3), 1, OLD);
  await loggedModel(MODEL(1), 1);
  await loggedModel(MODEL(2), 1, NOW - 10 * DAY);
  await loggedModel(MODEL(3), 1, OLD);
  const gone = { runs: 1, models: 1, experiments: 0, files: 2, bytes: 35 + 37, uploads: 0 };
  expect(await collect({ dryRun: true })).toEqual({ ...gone, blobs: 0, kept: [] });
  expect(await count("tracked_run")).toBe(3);
  expect(await there(`1/${RUN(3)}/artifacts/model/MLmodel`)).toBe(true);

  expect(await collect()).toEqual({ ...gone, blobs: 0, kept: [] });
  for (const table of ["tracked_run", "metric", "latest_metric", "param", "run_tag", "trace_link"])
    expect([table, await count(table)]).toEqual([table, 2]);
  expect([await count("logged_model"), await count("logged_model_tag")]).toEqual([2, 2]);
  expect((await artifacts.list("1")).map(({ name }) => name)).toEqual([RUN(1), RUN(2), "models"]);
  expect((await artifacts.list("1/models")).map(({ name }) => name)).toEqual([MODEL(1), MODEL(2)]);
  expect(await collect()).toMatchObject({ runs: 0, models: 0, files: 0 });
  expect(await collect({ olderThanMs: 0 })).toMatchObject({ runs: 1, models: 1 });
  expect(await there(`1/${RUN(1)}/artifacts/model/MLmodel`)).toBe(true);
});

test("an experiment goes with its runs, models and traces, also those that were active in it", async () => {
  await experiment(1, OLD);
  await experiment(2, NOW - DAY);
  await trackedRun(RUN(1), 1, OLD);
  await trackedRun(RUN(2), 2, NOW - DAY);
  await loggedModel(MODEL(1), 1);
  await run(`insert into millwright.trace (id, experiment, told_time) values ('tr-1', 1, 0)`);
  await write("1/traces/tr-1/artifacts/traces.json", "{}");
  await write("1/somebody/else", "x");
  const gone = { runs: 1, models: 1, experiments: 1, files: 3 };
  expect(await collect({ dryRun: true })).toMatchObject(gone);
  expect(await collect()).toMatchObject(gone);
  expect([await count("experiment"), await count("tracked_run"), await count("trace")]).toEqual([
    ...[1, 1, 0],
  ]);
  expect(await there("1/somebody/else")).toBe(true);
});

test("what a registered version came from stays, and is said", async () => {
  await experiment(1, OLD);
  await trackedRun(RUN(1), 1, OLD);
  await trackedRun(RUN(2), 1, OLD);
  await loggedModel(MODEL(1), 1);
  await run(
    `insert into millwright.registered_model (name, created_at, updated_at) values ('spam', 0, 0)`,
  );
  const version = (number: number, location: string, logged: string | null) =>
    run(
      `insert into millwright.registered_version (model, number, source, location, logged_model, created_at, updated_at)
       select id, $1::integer, $2::text, $2::text, $3::text, 0, 0 from millwright.registered_model`,
      [number, location, logged],
    );
  await version(1, `mlflow-artifacts:/1/${RUN(1)}/artifacts/model`, null);
  await version(2, `mlflow-artifacts:/1/models/${MODEL(1)}/artifacts`, MODEL(1));
  const kept = [
    { what: `model ${MODEL(1)}`, why: "registered version spam 2 comes from it" },
    { what: `run ${RUN(1)}`, why: "registered version spam 1 comes from it" },
  ];
  expect(await collect({ dryRun: true })).toMatchObject({ runs: 1, experiments: 0, kept });
  expect(await collect()).toMatchObject({ runs: 1, models: 0, experiments: 0, kept });
  expect(await there(`1/${RUN(1)}/artifacts/model/MLmodel`)).toBe(true);
});

test("files that are not kept here, or not the owner's alone, are left", async () => {
  await experiment(1);
  await trackedRun(RUN(1), 1, OLD, "s3://bucket/1/x/artifacts");
  await trackedRun(RUN(2), 1, OLD, "mlflow-artifacts:/1");
  await trackedRun(RUN(3), 1, OLD, "file:///etc");
  expect(await collect()).toMatchObject({
    ...{ runs: 3, files: 0 },
    kept: [RUN(1), RUN(2), RUN(3)].map((id) => ({ what: `files of run ${id}` })),
  });
  expect(await there(`1/${RUN(1)}/artifacts/model/MLmodel`)).toBe(true);
  const owner = { kind: "run", id: "r" } as const;
  expect(folderOfOwner({ ...owner, artifactUri: "x:/1/r/artifacts" })).toBe("x:/1/r");
  expect(folderOfOwner({ ...owner, artifactUri: "x:/1/r" })).toBe("x:/1/r");
  expect(folderOfOwner({ ...owner, artifactUri: "x:/1/r/deep/er/" })).toBe("x:/1/r/deep/er");
  for (const artifactUri of ["x:/1/artifacts", "x:/1/rr/artifacts", "x:/"])
    expect(folderOfOwner({ ...owner, artifactUri })).toBeUndefined();
});

test("who restores a run while it is being collected has it whole", async () => {
  await experiment(1);
  await trackedRun(RUN(1), 1, OLD);
  await run("update millwright.tracked_run set lifecycle_stage = 'active', deleted_at = null");
  const [owner] = [{ kind: "run", id: RUN(1), artifactUri: "" } as const];
  const removed = await garbageStore(db.sql).remove(owner, NOW, async () => {
    throw new Error("no file of it may go");
  });
  expect(removed).toBe(false);
  expect(await count("metric")).toBe(1);
});

test("a content goes when no file has had it for a day, and nobody has put it since", async () => {
  for (const [path, text] of [
    ...[
      ["a", "gone"],
      ["b", "again"],
      ["c", "put"],
      ["d", "young"],
      ["e", "kept"],
    ],
  ] as const)
    await write(path, text);
  for (const path of ["a", "b", "c", "d"]) await artifacts.remove(path);
  for (const text of ["gone", "again", "put", "kept"]) await age(text);
  await write("other", "again");
  await blobs.put(new TextEncoder().encode("put"));
  expect(await collect({ dryRun: true })).toMatchObject({ blobs: 2 });
  expect(await collect()).toMatchObject({ blobs: 1 });
  expect(await blobs.has(digestOf("gone"))).toBe(false);
  for (const text of ["again", "put", "young", "kept"])
    expect([text, await blobs.has(digestOf(text))]).toEqual([text, true]);
  expect(await count("artifact_garbage")).toBe(2);
  // A day later.
  expect(await collect({ now: NOW + 3 * DAY })).toMatchObject({ blobs: 2 });
  expect(await blobs.has(digestOf("young"))).toBe(false);
  expect(await there("other")).toBe(true);
});

test("a content that anything mentions stays, wherever and however it is written", async () => {
  const texts = ["in jsonb", "in text", "bare", "in a tag", "within digits", "nowhere"];
  const digests: Digest[] = [];
  for (const text of texts) {
    await write(text, text);
    await artifacts.remove(text);
    digests.push(await age(text));
  }
  const hex = (i: number) => digests[i]!.slice(7);
  await run(
    "insert into millwright.model_version (id, model, number, body) values ('sha256:0', 'm', 1, $1)",
    [JSON.stringify({ deep: [{ onnx: digests[0] }] })],
  );
  await run(
    "insert into millwright.prediction_segment (id, data, rows, feedback) values ('s', $1, 0, 0)",
    [digests[1]],
  );
  await experiment(1);
  await run("insert into millwright.experiment_tag values (1, 'model', $1)", [hex(2)]);
  await run("insert into millwright.run_tag values (1, 1, $1)", [`see ${digests[3]}.`]);
  await run("insert into millwright.param values (1, 1, $1)", [`abc${hex(4)}def0`]);
  expect(await collect()).toMatchObject({ blobs: 1 });
  for (const [i, digest] of digests.entries())
    expect([texts[i], await blobs.has(digest)]).toEqual([texts[i], i < 5]);
});

test("no column of ours that could hold a digest is left out of the search", async () => {
  const types = await db.sql.query<{ type: string }>(
    `select distinct t.typname as type from pg_attribute a join pg_class c on c.oid = a.attrelid
       join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
     where n.nspname = 'millwright' and c.relkind in ('r', 'p', 'm', 'v') and a.attnum > 0 and not a.attisdropped`,
  );
  // bytea is searched as text: a digest in raw bytes would need a search of its own.
  const searched = new Set(["text", "json", "jsonb", "bytea", "_text", "varchar"]);
  const cannot = new Set([
    "bool",
    "int2",
    "int4",
    "int8",
    "float4",
    "float8",
    "numeric",
    "timestamptz",
    "date",
    "uuid",
  ]);
  for (const { type } of types)
    expect([type, searched.has(type) || cannot.has(type)]).toEqual([type, true]);
  const raw = await db.sql.query<{ place: string }>(
    `select table_name || '.' || column_name as place from information_schema.columns
     where table_schema = 'millwright' and data_type = 'bytea'`,
  );
  // Of inputs of evaluations and sealed secrets. A new one goes here only if it holds no digest of a content.
  const known = ["evaluation_record.input_hash", "webhook.secret", "llm_secret.sealed"];
  for (const { place } of raw) expect(known).toContain(place);
  // Partitions and foreign tables would have to be searched as well.
  const [odd] = await db.sql.query<{ n: number }>(
    `select count(*) as n from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'millwright' and c.relkind in ('p', 'f')`,
  );
  expect(odd!.n).toBe(0);
});

test("every table that refers to runs by their number is known to the collector", async () => {
  const tables = await db.sql.query<{ name: string }>(
    `select table_name as name from information_schema.columns
     where table_schema = 'millwright' and column_name = 'run' and data_type = 'bigint' order by 1`,
  );
  const known = ["metric", "latest_metric", "param", "run_tag", "run_dataset", "run_model"];
  // The points of a model stay with it, whatever becomes of the run that logged them.
  expect(tables.map(({ name }) => name)).toEqual([...known, "logged_model_metric"].sort());
});

test("what uploads left that broke off at any moment is found", async () => {
  // Its file came, and then the process ended before it was entered.
  const orphan = await blobs.put(new TextEncoder().encode("orphan"));
  utimesSync(await blobs.localPath(orphan), 1000, 1000);
  const halves = [
    join(db.folder, `blobs-${n - 1}`, "artifacts/tmp"),
    join(db.folder, `blobs-${n - 1}`, "tmp"),
    join(db.folder, `root-${n}`, ".millwright-uploads"),
  ];
  for (const half of halves) {
    mkdirSync(half, { recursive: true });
    writeFileSync(join(half, "dead"), "x");
    utimesSync(join(half, "dead"), 1000, 1000);
  }
  expect(await collect()).toMatchObject({ blobs: 0 });
  expect(await count("artifact_garbage")).toBe(1);
  await run("update millwright.artifact_garbage set since = $1", [new Date(NOW - 2 * DAY)]);
  expect(await collect()).toMatchObject({ blobs: 1 });
  expect(await blobs.has(orphan)).toBe(false);
  for (const half of halves) expect(readdirSync(half)).toEqual([]);
});

test("an upload of a content while it is collected is there afterwards", async () => {
  for (let i = 0; i < 20; i++) {
    await write("first", `same ${i}`);
    await artifacts.remove("first");
    await age(`same ${i}`);
    await Promise.all([collect(), write(`second-${i}`, `same ${i}`)]);
    expect(await there(`second-${i}`)).toBe(true);
  }
});
