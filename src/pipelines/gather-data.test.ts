import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { datasetStore } from "../datasets/store.ts";
import type { LoggedPrediction } from "../serving/read-log.ts";
import { fileBlobs } from "../storage/blobs/files.ts";
import type { Columns } from "../storage/columns/columns.ts";
import { duckdbColumns } from "../storage/columns/duckdb.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { gatherData } from "./gather-data.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
let db: TestDatabase;
let columns: Columns;
let logged: LoggedPrediction[] = [];
let blobs: ReturnType<typeof fileBlobs>;

beforeAll(async () => {
  db = await testDatabase();
  columns = await duckdbColumns({ scratch: join(db.folder, "scratch") });
  blobs = fileBlobs(join(db.folder, "blobs"));
  const day = (i: number) => new Date(START + i * DAY).toISOString().slice(0, 10);
  const rows = Array.from(
    { length: 40 },
    (_, i) => `${day(i)},${i},${i % 2 ? "yes" : "no"},${i * 2}`,
  );
  writeFileSync(join(db.folder, "mails.csv"), `day,n,spam,urls\n${rows.join("\n")}\n`);
});
afterAll(async () => {
  await columns.close();
  await db.stop();
});

const prediction = (i: number, inputs: LoggedPrediction["inputs"], known: number, label = "yes") =>
  ({
    ...{ id: `pred_${i}`, model: "spam", version: "sha256:0", variant: "champion", at: 1, inputs },
    ...{ eventTime: START + i * DAY, key: undefined, output: [0.5], label: "no", latencyMs: 1 },
    truth: { label, at: START + known * DAY },
  }) as LoggedPrediction;

function gather(model = "spam", asOf?: number) {
  const definition = {
    datasets: { mails: { source: "mails.csv", time: "day" } },
    models: {
      spam: { dataset: "mails", target: "spam" },
      urls: { dataset: "mails", target: "urls" },
    },
  };
  const deps = {
    ...{ columns, blobs, datasets: datasetStore(db.sql), clock: { now: () => 1 } },
    project: async () => ({ definition, code: "sha256:0" as const, bundle: "", folder: db.folder }),
    predictions: {
      read: async ({ model: name, to }: { model: string; to: number }) =>
        logged.filter((p) => p.model === name && p.eventTime < to),
    },
  };
  const step = { signal: { aborted: false }, progress: () => {} };
  return gatherData(deps, { model, step, ...(asOf === undefined ? {} : { asOf }) });
}
async function column(version: { readonly data: `sha256:${string}` }, name: string) {
  const found = (await columns.readTable(await blobs.localPath(version.data))).columns.get(name)!;
  return found.type === "string"
    ? [...found.codes].map((c) => found.dictionary[c])
    : [...found.values];
}

test("without labelled predictions the data is the source; the same again is the same version", async () => {
  logged = [];
  const first = await gather();
  expect(first.rows).toBe(40);
  expect((await gather()).id).toBe(first.id);
});

describe("labelled predictions", () => {
  test("are rows with the truth as their target, at the time they were asked about when they name none", async () => {
    logged = [prediction(50, { n: 7, day: "2026-03-01" }, 51), prediction(60, { n: 8 }, 61, "no")];
    const joined = await gather();
    expect(joined.rows).toBe(42);
    expect((await column(joined, "spam")).slice(-2)).toEqual(["yes", "no"]);
    expect((await column(joined, "n")).slice(-2)).toEqual([7, 8]);
    expect((await column(joined, "day")).slice(-2)).toEqual([
      Date.UTC(2026, 2, 1) / 1000,
      START / 1000 + 60 * 86_400,
    ]);
  });

  test("whose truth had not arrived by then are not used in a replay", async () => {
    logged = [prediction(50, { n: 7 }, 51), prediction(50.5, { n: 8 }, 70)];
    expect((await gather("spam", START + 60 * DAY)).rows).toBe(41);
    expect((await gather("spam", START + 50 * DAY)).rows).toBe(40);
  });

  test("of one model are none of another on the same dataset", async () => {
    logged = [prediction(50, { n: 7 }, 51)];
    const urls = await gather("urls");
    expect(urls.rows).toBe(40);
    expect(urls.schema.columns.find(({ name }) => name === "urls")?.role).toBe("target");
    const spam = await gather("spam");
    expect(spam.schema.columns.find(({ name }) => name === "spam")?.role).toBe("target");
    expect(spam.rows).toBe(41);
  });
});
