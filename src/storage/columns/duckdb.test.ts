import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { Worker } from "node:worker_threads";
import { createGzip } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { build } from "esbuild";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../../lib/digest.ts";
import { cellNumber } from "../../table/cell.ts";
import {
  type Column,
  numberColumn,
  stringColumn,
  type Table,
  takeRows,
  timeColumn,
} from "../../table/table.ts";
import { cellText } from "../../table/text-block.ts";
import type { Columns } from "./columns.ts";
import { duckdbColumns } from "./duckdb.ts";

let folder: string;
let columns: Columns;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-[columns] 'x'-"));
  columns = await duckdbColumns({ scratch: join(folder, "scratch") });
});
afterAll(async () => {
  await columns.close();
  rmSync(folder, { recursive: true, force: true });
});

const specs = [
  { name: 'n"; --', type: "number" },
  { name: "t", type: "time" },
  { name: "текст 📅", type: "string" },
] as const;

const tableOf = (rows: readonly { n: number; t: number; s: string | null }[]): Table => ({
  rows: rows.length,
  columns: new Map<string, Column>([
    [specs[0].name, numberColumn(rows.map((r) => r.n))],
    [specs[1].name, timeColumn(rows.map((r) => r.t))],
    [specs[2].name, stringColumn(rows.map((r) => r.s))],
  ]),
});

const plain = (table: Table) =>
  [...table.columns].map(([name, c]) => [
    name,
    c.type === "string"
      ? Array.from(c.codes, (code) => (code < 0 ? null : c.dictionary[code]))
      : [...c.values],
  ]);

async function written(parts: readonly Table[]) {
  const writer = await columns.writer(specs);
  for (const part of parts) await writer.append(part);
  return writer.finish();
}

const anyRow = fc.record({
  n: fc
    .oneof(fc.double({ noNaN: false }), fc.constantFrom(0, -0, 5e-324, 1e308))
    .map((v) => (Object.is(v, -0) ? 0 : v)),
  t: fc.oneof(
    fc.integer({ min: -6e10, max: 6e10 }),
    fc.constant(Number.NaN),
    fc.integer({ min: 0, max: 2e9 }).map((s) => s + 0.25),
  ),
  s: fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }).filter((s) => s.isWellFormed()),
    fc.constant(null),
    fc.constantFrom("a", "twelve bytes", "thirteen byte", "NUL \0 inside", ""),
  ),
});

describe("Parquet", () => {
  test("comes back as it was written: numbers to the bit, times, every well-formed text, missing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 40 }), async (rows) => {
        const table = tableOf(rows);
        const file = await written([table]);
        expect(plain(await columns.readTable(file.path))).toEqual(plain(table));
        await file.discard();
      }),
      { numRuns: 25 },
    );
  });

  test("the same rows make the same bytes, however they are cut", async () => {
    const rows = Array.from({ length: 130_000 }, (_, i) => ({
      n: Math.sin(i),
      t: i * 60,
      s: i % 9 === 0 ? null : `value ${(i * 7919) % 30_000}`,
    }));
    const table = tableOf(rows);
    const cut = (size: number) =>
      Array.from({ length: Math.ceil(rows.length / size) }, (_, k) =>
        takeRows(
          table,
          Array.from({ length: Math.min(size, rows.length - k * size) }, (_, i) => k * size + i),
        ),
      );
    const digests = [];
    for (const parts of [[table], cut(50_000), cut(777)])
      digests.push(digestOf(readFileSync((await written(parts)).path)));
    expect(new Set(digests).size).toBe(1);
  });

  test("columns and rows can be selected; scanning gives the same rows in pieces", async () => {
    const rows = Array.from({ length: 70_000 }, (_, i) => ({ n: i, t: i, s: `s${i % 5}` }));
    const { path } = await written([tableOf(rows)]);
    const part = await columns.readTable(path, {
      columns: ["t", specs[0].name],
      from: 61_000,
      to: 61_003,
    });
    expect(plain(part)).toEqual([
      ["t", [61_000, 61_001, 61_002]],
      [specs[0].name, [61_000, 61_001, 61_002]],
    ]);
    let [seen, tables] = [0, 0];
    for await (const piece of columns.scan(path)) {
      expect(plain(piece)[0]![1]![0]).toBe(seen);
      seen += piece.rows;
      tables++;
    }
    expect([seen, tables]).toEqual([70_000, 2]);
    expect(await columns.describe(path)).toEqual({ rows: 70_000, columns: specs });
    await expect(columns.readTable(path, { columns: ["nope"] })).rejects.toThrow(
      /no column 'nope'; it has/,
    );
    expect((await columns.readTable(path, { from: 80_000 })).rows).toBe(0);
  });

  test("an abandoned writer leaves no file", async () => {
    const files = () =>
      readdirSync(join(folder, "scratch"), { recursive: true, encoding: "utf8" }).filter((f) =>
        f.endsWith(".parquet"),
      );
    const before = files();
    const writer = await columns.writer(specs);
    await writer.append(tableOf([{ n: 1, t: 1, s: "x" }]));
    await writer.abort();
    expect(files()).toEqual(before);
  });

  test("a column of the wrong type or name is refused", async () => {
    const writer = await columns.writer(specs);
    await expect(writer.append({ rows: 0, columns: new Map() })).rejects.toThrow(/lacks column/);
    await writer.abort();
  });

  test("text of any length and script is read from Parquet as it is", async () => {
    const path = join(folder, "texts.parquet");
    const texts = [
      "",
      "twelve bytes",
      "thirteen byte",
      "ü".repeat(6),
      "ü".repeat(7),
      "日本語",
      null,
    ];
    const rows = [...texts, "x".repeat(5000)];
    const connection = await (await DuckDBInstance.create()).connect();
    const value = (text: string | null) => (text === null ? "NULL" : `'${text}'`);
    await connection.run(
      `COPY (SELECT * FROM (VALUES ${rows.map((text, i) => `(${i}, ${value(text)})`).join()}) t(n, s)) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`,
    );
    const source = await columns.inspect({ uri: "texts.parquet", folder });
    const read: (string | null)[] = [];
    for await (const block of columns.blocks(source))
      for (let r = 0; r < block.rows; r++) read.push(cellText(block, 2 * r + 1) ?? null);
    expect(read).toEqual(rows);
  });

  test("files of other engines: every SQL type becomes number, time or text", async () => {
    const path = join(folder, "other.parquet");
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT 1::TINYINT i, 12.5::DECIMAL(9,2) d, 9007199254740993::BIGINT big, true b, DATE '2015-07-01' AS "day", TIMESTAMP '2015-07-01 10:00:00.5' AS "at",
        TIMESTAMPTZ '2015-07-01 10:00:00+02' tz, [1,2] l, NULL::INTEGER AS "nothing", 'x' s) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`,
    );
    const day = Date.UTC(2015, 6, 1) / 1000;
    const table = await columns.readTable(path);
    expect(Object.fromEntries(plain(table) as [string, unknown[]][])).toEqual({
      i: [1],
      d: [12.5],
      big: [9007199254740992],
      b: ["true"],
      day: [day],
      at: [day + 36_000.5],
      tz: [day + 28_800],
      l: ["[1, 2]"],
      nothing: [Number.NaN],
      s: ["x"],
    });
    const source = await columns.inspect({ uri: "other.parquet", folder });
    for await (const block of columns.blocks(source)) {
      const cells = Array.from(block.starts, (start, i) =>
        start < 0 ? null : Buffer.from(block.bytes.subarray(start, block.ends[i])).toString(),
      );
      expect(cells).toEqual([
        "1",
        "12.50",
        "9007199254740993",
        "true",
        "2015-07-01",
        "2015-07-01T10:00:00.500000",
        "2015-07-01T08:00:00.000000",
        "[1, 2]",
        null,
        "x",
      ]);
    }
  });
});

describe("sources", () => {
  test("a large packed file streams: no block holds more than a few MB, and no row is lost", async () => {
    const line = (i: number) => `${i},${"text ".repeat(8)}${i % 10},${i / 3}\n`;
    const packed = createGzip();
    const to = createWriteStream(join(folder, "large.csv.gz"));
    packed.pipe(to);
    packed.write("id,text,x\n");
    for (let k = 0; k < 30; k++)
      packed.write(Array.from({ length: 10_000 }, (_, i) => line(k * 10_000 + i)).join(""));
    packed.end();
    await finished(to);
    const source = await columns.inspect({ uri: "large.csv.gz", folder });
    let [rows, largest, sum] = [0, 0, 0];
    for await (const block of columns.blocks(source)) {
      largest = Math.max(largest, block.bytes.length);
      for (let r = 0; r < block.rows; r++) sum += cellNumber(block, r * 3);
      rows += block.rows;
    }
    expect([rows, sum]).toEqual([300_000, (300_000 * 299_999) / 2]);
    expect(largest).toBeLessThan(5_000_000);
  });
});

describe("the engine", () => {
  test("works in a worker thread beside the main one", async () => {
    const { path } = await written([tableOf([{ n: 1.5, t: 2, s: "x" }])]);
    const out = join(folder, "worker.mjs");
    await build({
      stdin: {
        contents: `import { duckdbColumns } from ${JSON.stringify(join(import.meta.dirname, "duckdb.ts"))};
          import { parentPort, workerData } from "node:worker_threads";
          const columns = await duckdbColumns({ scratch: workerData.scratch });
          parentPort.postMessage((await columns.readTable(workerData.path)).rows);
          await columns.close();`,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: out,
      logLevel: "error",
      plugins: [
        {
          name: "duckdb",
          setup: (b) =>
            b.onResolve({ filter: /^@duckdb/ }, () => ({
              path: import.meta.resolve("@duckdb/node-api"),
              external: true,
            })),
        },
      ],
    });
    const worker = new Worker(out, { workerData: { path, scratch: join(folder, "scratch") } });
    const rows = await new Promise((resolve, reject) =>
      worker.on("message", resolve).on("error", reject),
    );
    expect(rows).toBe(1);
    await worker.terminate();
  });

  test("the scratch folder of a process that is gone is cleared", async () => {
    const scratch = join(folder, "scratch2");
    const first = await duckdbColumns({ scratch });
    await first.close();

    mkdirSync(join(scratch, "columns-999999999-abc"));
    writeFileSync(join(scratch, "columns-999999999-abc", "x"), "x");
    const second = await duckdbColumns({ scratch });
    expect(readdirSync(scratch)).toHaveLength(1);
    await second.close();
  });
});
