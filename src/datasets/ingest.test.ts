import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Profile } from "../stats/profile.ts";
import { fileBlobs } from "../storage/blobs/files.ts";
import type { Columns } from "../storage/columns/columns.ts";
import { duckdbColumns } from "../storage/columns/duckdb.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { explore } from "./explore.ts";
import { type IngestDeps, ingest } from "./ingest.ts";
import { ingestTable } from "./ingest-table.ts";
import { datasetStore } from "./store.ts";

let db: TestDatabase;
let columns: Columns;
let folder: string;
let deps: IngestDeps;
let now = 1_000;

beforeAll(async () => {
  db = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), "millwright-ingest-"));
  columns = await duckdbColumns({ scratch: join(folder, "scratch") });
  deps = {
    columns,
    blobs: fileBlobs(join(folder, "blobs")),
    datasets: datasetStore(db.sql),
    clock: { now: () => now++ },
  };
});
afterAll(async () => {
  await columns.close();
  await db.stop();
  rmSync(folder, { recursive: true, force: true });
});

const shop = (
  rows: number,
  line = (i: number) =>
    `${i},${["de", "fr", "it"][i % 3]},${(i * 37) % 100},${i % 4 ? "no" : "yes"}`,
) => `id,country,amount,returned\n${Array.from({ length: rows }, (_, i) => line(i)).join("\n")}\n`;
const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
const from = (dataset: string, source: string, more = {}) =>
  ingest(deps, { dataset, source, folder, target: "returned", ...more });

describe("ingest", () => {
  test("the same bytes are read once and are one version; other bytes are another", async () => {
    put("a.csv", shop(300));
    const first = await from("shop", "a.csv");
    expect(first.created).toBe(true);
    expect(await from("shop", "a.csv")).toEqual({ version: first.version, created: false });
    put("b.csv", shop(301));
    const second = await from("shop", "b.csv");
    expect(second.version.id).not.toBe(first.version.id);
    expect((await deps.datasets.versions("shop")).map((v) => v.rows)).toEqual([301, 300]);
    expect((await deps.datasets.latest("shop"))!.id).toBe(second.version.id);
    expect((await deps.datasets.find("shop", first.version.id.slice(7, 17))).id).toBe(
      first.version.id,
    );
    await expect(deps.datasets.find("shop", "nonsense")).rejects.toThrow(
      /no version 'nonsense'.*'shop'/,
    );
  });

  test("the same rows under another name and packing are the same version", async () => {
    put("c.csv", shop(120));
    put("c.tsv", shop(120).replaceAll(",", "\t").replaceAll("\n", "\r\n"));
    const a = await from("same", "c.csv");
    const b = await from("same", "c.tsv", { schema: a.version.schema });
    expect(b).toMatchObject({ created: false, version: { id: a.version.id } });
  });

  test("the profile has every row and column", async () => {
    put("p.csv", shop(200));
    const { version } = await from("profiled", "p.csv");
    const profile = JSON.parse(
      Buffer.from(await deps.blobs.get(version.profile)).toString(),
    ) as Profile;
    expect(profile.rows).toBe(200);
    expect(profile.columns.amount).toMatchObject({
      type: "number",
      missing: 0,
      moments: { min: 0, max: 99 },
    });
    expect(profile.columns.country).toMatchObject({
      values: {
        counts: [
          ["de", 67],
          ["fr", 67],
          ["it", 66],
        ],
      },
    });
  });

  test("later data are judged by the first data's schema", async () => {
    put("m1.csv", shop(300));
    await from("monthly", "m1.csv");
    put(
      "m2.csv",
      shop(
        120,
        (i) =>
          `${i},${i % 2 ? "de" : "xx"},${i === 5 ? "9000" : i % 3 ? i % 100 : ""},${i % 4 ? "no" : "yes"}`,
      ).replace("returned", "returned"),
    );
    const { version } = await from("monthly", "m2.csv");
    expect(version.anomalies.map((a) => [a.kind, a.severity, a.column, a.rows])).toEqual([
      ["unseen_value", "suspicious", "country", 60],
      ["missing", "suspicious", "amount", 40],
      ["range", "suspicious", "amount", 1],
      ["volume", "suspicious", undefined, 120],
    ]);
    for (const a of version.anomalies) expect(a.message).not.toContain("undefined");
  });

  test("a column that is new, one that is gone, a class never seen", async () => {
    put("s1.csv", shop(100));
    await from("shifted", "s1.csv");
    put(
      "s2.csv",
      shop(100, (i) => `${i},de,${i},${i % 4 ? "no" : "maybe"}`).replace("amount", "price"),
    );
    const { version } = await from("shifted", "s2.csv");
    expect(version.anomalies.map((a) => [a.kind, a.severity, a.column])).toEqual([
      ["missing_column", "broken", "amount"],
      ["unseen_value", "broken", "returned"],
      ["new_column", "suspicious", "price"],
    ]);
    put("s3.csv", "u,v\n1,2\n");
    await expect(from("shifted", "s3.csv")).rejects.toThrow(/none of the dataset's columns/);
  });

  test("an id of mixed form does not cost its row when nothing learns from it", async () => {
    put("i1.csv", shop(100));
    const { version } = await from("ignored", "i1.csv");
    const schema = {
      columns: version.schema.columns.map((c) =>
        c.name === "id" ? { ...c, role: "ignore" as const } : c,
      ),
    };
    put(
      "i2.csv",
      shop(100, (i) => `N${i},de,${i},${i % 2 ? "no" : "yes"}`),
    );
    const done = await from("ignored", "i2.csv", { schema });
    expect(done.version.rows).toBe(100);
    expect(done.version.quarantine).toBeUndefined();
  });
});

describe("two models on one dataset", () => {
  test("each target has its own schema, and keeps it; joined versions are no measure of volume", async () => {
    put("w1.csv", shop(100));
    const a = await from("both", "w1.csv");
    const b = await from("both", "w1.csv", { target: "amount" });
    expect(b.version.schema.columns.find((c) => c.role === "target")!.name).toBe("amount");
    const parts = [a.version.data, a.version.data, a.version.data];
    await ingestTable(deps, {
      dataset: "both",
      parts,
      schema: a.version.schema,
      parents: [a.version.id],
    });
    put("w2.csv", shop(110));
    const next = await from("both", "w2.csv");
    expect(next.version.schema).toEqual(a.version.schema);
    expect(next.version.anomalies).toEqual([]);
  });
});

describe("ingestTable", () => {
  test("an earlier version and new rows make a version that knows its parents; again makes nothing new", async () => {
    put("t.csv", shop(150));
    const { version } = await from("grown", "t.csv");
    const more: Table = {
      rows: 2,
      columns: new Map<string, Column>([
        ["returned", stringColumn(["yes", "no"])],
        ["amount", numberColumn([1, Number.NaN])],
        ["country", stringColumn(["es", null])],
        ["id", numberColumn([900, 901])],
        ["prediction", numberColumn([0.1, 0.2])],
      ]),
    };
    const input = {
      dataset: "grown",
      parts: [version.data, more],
      schema: version.schema,
      parents: [version.id],
    };
    const grown = await ingestTable(deps, input);
    expect(grown).toMatchObject({
      created: true,
      version: { rows: 152, lineage: { parents: [version.id] } },
    });
    expect((await ingestTable(deps, input)).created).toBe(false);
    const table = await columns.readTable(await deps.blobs.localPath(grown.version.data), {
      from: 149,
    });
    expect([...table.columns.keys()]).toEqual(["id", "country", "amount", "returned"]);
    expect([...(table.columns.get("amount") as { values: Float64Array }).values]).toEqual([
      (149 * 37) % 100,
      1,
      Number.NaN,
    ]);
    await expect(ingestTable(deps, { ...input, parts: [] })).rejects.toThrow(/no rows/);
  });
});

describe("explore, on the data of the examples", () => {
  const look = async (source: string, target: string) => {
    const { inference } = await explore(
      { columns },
      { source: `examples/${source}`, folder: process.cwd(), target },
    );
    const roles = Object.fromEntries(inference.columns.map((c) => [c.name, c.role]));
    return { ...inference, roles };
  };
  test("mail", async () => {
    const { target, time, key, roles } = await look("mail/data/mail.csv.gz", "is_spam");
    expect([target!.task, target!.positive, time!.column, key!.column]).toEqual([
      "binary",
      "yes",
      "received_at",
      "message_id",
    ]);
    expect(roles).toMatchObject({
      subject: "text",
      sender_domain: "category",
      received_at: "time",
    });
  });
  test("a first answer about a large file reads only its beginning", async () => {
    put("large.csv", shop(200_000));
    const { survey } = await explore({ columns }, { source: "large.csv", folder, mostRows: 1000 });
    expect(survey.rows).toBeGreaterThanOrEqual(1000);
    expect(survey.rows).toBeLessThan(150_000);
  });
  test("travellers", async () => {
    const { target, time, leaks } = await look("travellers/data/travellers.csv", "travelers");
    expect([target!.task, time!.column, leaks]).toEqual(["regression", "date", []]);
  });
});
