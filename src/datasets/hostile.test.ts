import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileBlobs } from "../storage/blobs/files.ts";
import type { Columns } from "../storage/columns/columns.ts";
import { duckdbColumns } from "../storage/columns/duckdb.ts";
import type { Table } from "../table/table.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { type IngestDeps, type IngestInput, ingest } from "./ingest.ts";
import { datasetStore } from "./store.ts";

let db: TestDatabase;
let columns: Columns;
let folder: string;
let deps: IngestDeps;
let serial = 0;

beforeAll(async () => {
  db = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), "millwright-hostile-"));
  columns = await duckdbColumns({ scratch: join(folder, "scratch") });
  deps = {
    columns,
    blobs: fileBlobs(join(folder, "blobs")),
    datasets: datasetStore(db.sql),
    clock: { now: () => 1000 },
  };
});
afterAll(async () => {
  await columns.close();
  await db.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes the bytes as a file and ingests it. */
function take(bytes: string | Uint8Array, options: Partial<IngestInput> & { name?: string } = {}) {
  const { name = `f${serial}.csv`, ...rest } = options;
  writeFileSync(join(folder, name), bytes);
  return ingest(deps, { dataset: `d${serial++}`, source: name, folder, ...rest });
}

async function rowsOf(ingested: Awaited<ReturnType<typeof ingest>>): Promise<Table> {
  return columns.readTable(await deps.blobs.localPath(ingested.version.data));
}

async function quarantineOf({ version }: Awaited<ReturnType<typeof ingest>>): Promise<unknown[][]> {
  if (!version.quarantine) return [];
  const table = await columns.readTable(await deps.blobs.localPath(version.quarantine.data));
  return Array.from({ length: table.rows }, (_, i) =>
    [...table.columns.keys()].slice(1).map((name) => cell(table, name, i)),
  );
}

function cell(table: Table, name: string, row: number): unknown {
  const column = table.columns.get(name)!;
  if (column.type === "string")
    return column.codes[row]! < 0 ? null : column.dictionary[column.codes[row]!]!;
  return Number.isNaN(column.values[row]!) ? null : column.values[row];
}
const all = (table: Table, name: string) =>
  Array.from({ length: table.rows }, (_, i) => cell(table, name, i));
const table = (rows: number, line: (i: number) => string, header = "a,b") =>
  `${header}\n${Array.from({ length: rows }, (_, i) => line(i)).join("\n")}\n`;

describe("what is no table is refused, saying what and what to do", () => {
  const cases: [string, string | Uint8Array, RegExp, string?][] = [
    ["empty file", "", /is empty/],
    ["only line breaks", "\n\n\r\n", /is empty/],
    ["empty gz", gzipSync(""), /is empty/, "empty.csv.gz"],
    ["header only", "a,b\n", /has names \(a, b\) but no rows/],
    [
      "truncated gz",
      gzipSync(table(5000, (i) => `${i},${Math.sin(i)}`)).subarray(0, 9000),
      /is cut off/,
      "cut.csv.gz",
    ],
    [
      "broken gz",
      Buffer.concat([gzipSync("a,b\n1,2\n").subarray(0, 12), Buffer.from("rubbish rubbish")]),
      /gzip/,
      "broken.csv.gz",
    ],
    ["named gz but is not", "a,b\n1,2\n", /is not gzip/, "plain.csv.gz"],
    ["zip", Buffer.from("PK\x03\x04aaaaaaaa"), /zip or Excel/, "book.xlsx"],
    [
      "binary",
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251),
      /binary|none of its|cannot be taken/,
    ],
    ["damaged parquet", "PAR1 nothing of the kind PAR1", /not sound Parquet/, "x.parquet"],
    ["named parquet but is not", "a,b\n1,2\n", /named Parquet/, "y.parquet"],
    ["json array", '[{"a":1}]', /one JSON array/, "z.json"],
    ["jsonl without objects", "1\n2\n", /no JSON object/, "w.jsonl"],
  ];
  test.each(cases)("%s", async (_, bytes, message, name) => {
    await expect(take(bytes, name ? { name } : {})).rejects.toThrow(message);
  });

  test("missing file, folder, glob without match, URL, NUL in the name", async () => {
    mkdirSync(join(folder, "sub"));
    const from = (source: string) => ingest(deps, { dataset: "none", source, folder });
    await expect(from("nope.csv")).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining("does not exist"),
    });
    await expect(from("sub")).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("is a folder"),
    });
    await expect(from("nope-*.csv")).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining("matches no file"),
    });
    await expect(from("https://example.com/a.csv")).rejects.toMatchObject({ code: "unsupported" });
    await expect(from("a\0b.csv")).rejects.toMatchObject({ code: "invalid_input" });
  });

  test("a target that cannot be learned", async () => {
    const about = (bytes: string, target: string) => take(bytes, { target });
    await expect(
      about(
        table(60, (i) => `${i},x`),
        "b",
      ),
    ).rejects.toThrow(/target 'b' is 'x' in all 60 rows: there is nothing to learn/);
    await expect(
      about(
        table(60, (i) => `${i},`),
        "b",
      ),
    ).rejects.toThrow(/target 'b' has no value in any row/);
    await expect(
      about(
        table(60, (i) => `${i},${i % 2}`),
        "c",
      ),
    ).rejects.toThrow(/target 'c' is not a column; the table has 'a', 'b'/);
    await expect(
      about(
        table(60, (i) => `${i},${i % 2}`),
        "B",
      ),
    ).rejects.toThrow(/did you mean 'b'/);
    await expect(
      about(
        table(60, (i) => `${i},text ${i}`),
        "b",
      ),
    ).rejects.toThrow(/60 different texts/);
    await expect(
      about(
        table(60, (i) => `${i},2020-01-0${(i % 9) + 1}`),
        "b",
      ),
    ).rejects.toThrow(/is a date/);
  });
});

describe("bad rows are set aside with line, reason and text", () => {
  test("ragged rows, a NUL byte, an open quote", async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `${i},x${i % 3}`);
    lines[10] = "10";
    lines[20] = "20,x,y";
    lines[30] = "30,a\0b";
    lines[40] = '"40,x';
    const done = await take(`a,b\n${lines.join("\n")}\n`);
    expect(await quarantineOf(done)).toEqual([
      [12, "1 fields instead of 2", "10"],
      [22, "3 fields instead of 2", "20,x,y"],
      [32, "contains a NUL byte", "30,a\0b"],
    ]);
    expect(done.version.rows).toBe(97);
    expect(cell(await rowsOf(done), "a", 37)).toBe('"40');
  });

  test("a value that is no number, in a column of numbers", async () => {
    const done = await take(table(1000, (i) => `${i === 500 ? "n/k" : i / 2},x`));
    expect(await quarantineOf(done)).toEqual([[502, "column 'a': 'n/k' is not a number", "n/k,x"]]);
    expect(done.version.anomalies.map((a) => a.message)[0]).toContain(
      "1 of 1000 rows were set aside",
    );
  });

  test("a missing target", async () => {
    const done = await take(
      table(100, (i) => `${i},${i === 7 ? "" : i % 2 ? "yes" : "no"}`),
      { target: "b" },
    );
    expect(await quarantineOf(done)).toEqual([[9, "target 'b' is missing", "7,"]]);
  });

  test("onBadRows: block fails and names the first row", async () => {
    await expect(take("a,b\n1,2\n3\n", { onBadRows: "block" })).rejects.toThrow(
      /onBadRows is "block": line 3 of .*: 1 fields instead of 2/,
    );
  });

  test("mostly bad rows mean a misread file", async () => {
    const text = table(2000, (i) => (i < 10 ? `${i},x` : i % 3 === 0 ? `${i},x` : `${i},x,y,z`));
    await expect(take(text)).rejects.toThrow(/rows cannot be taken.*another delimiter/s);
  });

  test("a quote that is never closed costs its line, not the rest of the file", async () => {
    const done = await take(table(5000, (i) => (i === 100 ? `100,"open, and, more` : `${i},x`)));
    expect(await quarantineOf(done)).toEqual([
      [102, "field 2: a quote is opened but not properly closed", '100,"open, and, more'],
    ]);
    expect(done.version.rows).toBe(4999);
  });

  test("broken lines in jsonl", async () => {
    const done = await take('{"a":1,"b":"x"}\n{"a":2\n{"a":3,"b":null}\n[1]\n', {
      name: "broken.jsonl",
    });
    expect((await quarantineOf(done)).map(([line]) => line)).toEqual([2, 4]);
    expect(all(await rowsOf(done), "b")).toEqual(["x", null]);
  });
});

describe("odd but readable", () => {
  test("one column, one column with commas in it", async () => {
    expect(all(await rowsOf(await take("word\nalpha\nbeta\ngamma\n")), "word")).toEqual([
      "alpha",
      "beta",
      "gamma",
    ]);
    const prose = await take("text\nHello, you, there\nWell, no\nyes\n");
    expect(all(await rowsOf(prose), "text")).toEqual(["Hello, you, there", "Well, no", "yes"]);
  });

  test("all ways to write missing, in texts and in numbers", async () => {
    const ways = ["", "NA", "N/A", "?", "null", "NULL", "\\N", "NaN", '""', " ", '" "'];
    const done = await take(
      table(60, (i) => `${i < ways.length ? ways[i] : "x"},${i < ways.length ? ways[i] : i}`),
    );
    const rows = await rowsOf(done);
    expect(done.version.schema.columns.map((c) => c.type)).toEqual(["string", "number"]);
    for (const name of ["a", "b"])
      expect(all(rows, name).slice(0, ways.length)).toEqual(ways.map(() => null));
    expect(done.version.quarantine).toBeUndefined();
  });

  test("blank numbers are missing numbers, not text (TotalCharges)", async () => {
    const done = await take(table(200, (i) => `${i % 50 === 0 ? " " : (i * 1.1).toFixed(2)},x`));
    expect(done.version.schema.columns[0]!.type).toBe("number");
    expect(done.version.anomalies).toEqual([]);
  });

  test("an all-missing column and a constant one", async () => {
    const done = await take(table(60, (i) => `${i},,k`, "a,none,same"));
    expect(done.version.schema.columns.map((c) => c.role)).toEqual(["id", "constant", "constant"]);
  });

  test("infinities become missing and are told", async () => {
    const done = await take(table(200, (i) => `${["inf", "-Infinity", "#DIV/0!"][i] ?? i},x`));
    expect(all(await rowsOf(done), "a").slice(0, 4)).toEqual([null, null, null, 3]);
    expect(done.version.anomalies.find((a) => a.kind === "not_finite")).toMatchObject({
      column: "a",
      rows: 3,
    });
  });

  test("latin-1 is read as such, and told with the line", async () => {
    const done = await take(
      Buffer.from(
        table(60, (i) => `${i},Zürich é`),
        "latin1",
      ),
    );
    expect(cell(await rowsOf(done), "b", 0)).toBe("Zürich é");
    expect(done.version.anomalies[0]).toMatchObject({
      kind: "format",
      message: expect.stringMatching(/not UTF-8 .*0xfc in line 2.*windows-1252/),
    });
  });

  test("UTF-16 with and without its mark", async () => {
    const text = table(60, (i) => `${i},naïve €`);
    const be = Buffer.from(text, "utf16le").swap16();
    for (const bytes of [
      Buffer.from(`\ufeff${text}`, "utf16le"),
      Buffer.from(text, "utf16le"),
      be,
    ]) {
      const done = await take(bytes);
      expect(done.version.schema.columns.map((c) => c.name)).toEqual(["a", "b"]);
      expect(cell(await rowsOf(done), "b", 59)).toBe("naïve €");
      expect(done.version.anomalies[0]!.message).toContain("UTF-16");
    }
  });

  test("a few broken bytes among sound UTF-8 stay UTF-8", async () => {
    const text = Buffer.from(table(100, (i) => `${i},größe`));
    text[text.length - 3] = 0xff;
    const done = await take(text);
    expect(cell(await rowsOf(done), "b", 0)).toBe("größe");
    expect(done.version.anomalies[0]!.message).toContain("not UTF-8");
  });

  test("byte order mark, CR LF, CR, no last line break", async () => {
    const forms = [
      "\ufeffa,b\r\n1,x\r\n2,y\r\n",
      "a,b\r1,x\r2,y\r",
      "a,b\n1,x\n2,y",
      "\n\na,b\n\n1,x\n\n2,y\n\n",
    ];
    for (const form of forms) {
      const rows = await rowsOf(await take(form));
      expect(all(rows, "a")).toEqual([1, 2]);
      expect(all(rows, "b")).toEqual(["x", "y"]);
    }
  });

  test("quotes, delimiters and line breaks inside quotes; doubled quotes", async () => {
    const rows = await rowsOf(await take('a,b\n"x, ""y""\nz",1\n"",2\n" pad ",3\n'));
    expect(all(rows, "a")).toEqual(['x, "y"\nz', null, " pad "]);
  });

  test("semicolons, tabs, pipes; and commas inside the fields of another delimiter", async () => {
    for (const d of [";", "\t", "|"]) {
      const rows = await rowsOf(await take(table(20, (i) => `${i}${d}1,5${d}x,y`, `a${d}b${d}c`)));
      expect([...rows.columns.keys()]).toEqual(["a", "b", "c"]);
      expect(cell(rows, "c", 3)).toBe("x,y");
    }
  });

  test("no header: told, named column1…, or by the definition", async () => {
    const text = Array.from(
      { length: 60 },
      (_, i) => `${i % 3 ? "ham" : "spam"}\tSome message number ${i}, you know`,
    ).join("\n");
    const done = await take(text, { name: "sms.tsv" });
    expect(done.version.rows).toBe(60);
    expect(done.version.schema.columns.map((c) => c.name)).toEqual(["column1", "column2"]);
    expect(done.version.anomalies[0]!.message).toMatch(/has no header line .* set `header`/);
    const named = await take(text, { name: "sms2.tsv", header: ["label", "text"] });
    expect(named.version.schema.columns.map((c) => c.name)).toEqual(["label", "text"]);
    expect(named.version.anomalies).toEqual([]);
    await expect(take(text, { name: "sms3.tsv", header: ["one"] })).rejects.toThrow(
      /header names 1 columns but .* has 2/,
    );
  });

  test("numbers in the first line mean that it is data", async () => {
    const done = await take("5.1,3.5,setosa\n4.9,3.0,setosa\n4.7,3.2,virginica\n");
    expect(done.version.rows).toBe(3);
  });

  test("duplicate, empty and case-folding names get a suffix and are told", async () => {
    const done = await take(table(60, (i) => `${i},1,2,3,4`, "x,x,X,,y"));
    expect(done.version.schema.columns.map((c) => c.name)).toEqual([
      "x",
      "x_2",
      "X_3",
      "column4",
      "y",
    ]);
    expect(done.version.anomalies.filter((a) => a.kind === "format").map((a) => a.column)).toEqual([
      "x_2",
      "X_3",
      "column4",
    ]);
    expect((await rowsOf(done)).columns.size).toBe(5);
  });

  test("names that try to be SQL, paths, or prototype keys stay names", async () => {
    const names = [
      'a"; DROP TABLE t0; --',
      "b' OR 1=1",
      "../../etc",
      "__proto__",
      "constructor",
      "день 📅",
      "a\nb",
    ];
    const header = names.map((n) => `"${n.replaceAll('"', '""')}"`).join(",");
    const name = `x'; y"[1]$(touch z).csv`;
    const done = await take(
      table(30, (i) => names.map((_, j) => i * 10 + j).join(","), header),
      { name },
    );
    expect(done.version.schema.columns.map((c) => c.name)).toEqual([
      ...names.slice(0, 3),
      "column4",
      ...names.slice(4, 6),
      "a b",
    ]);
    const rows = await rowsOf(done);
    expect(cell(rows, "column4", 2)).toBe(23);
    expect(cell(rows, "день 📅", 0)).toBe(5);
    expect(done.version.lineage.sources[0]!.uri).toBe(name);
  });

  test("zip codes and long ids stay text, plain numbers do not", async () => {
    const done = await take(
      table(
        100,
        (i) => `0${1000 + i},9007199254740${String(i).padStart(3, "0")}1,${i}`,
        "zip,account,n",
      ),
    );
    expect(done.version.schema.columns.map((c) => c.type)).toEqual(["string", "string", "number"]);
    expect(cell(await rowsOf(done), "account", 3)).toBe("90071992547400031");
  });

  test("dates in day and month order are told apart by the column", async () => {
    const us = await take(table(60, (i) => `${(i % 12) + 1}/${(i % 28) + 1}/2015,x`));
    expect(us.version.schema.columns[0]).toMatchObject({ type: "time", dateOrder: "mdy" });
    const eu = await rowsOf(
      await take(table(60, (i) => `${(i % 28) + 1}.${(i % 12) + 1}.2015 10:30,x`)),
    );
    expect(cell(eu, "a", 14)).toBe(Date.UTC(2015, 2, 15, 10, 30) / 1000);
  });

  test("files of a glob are one table, and must have the same columns", async () => {
    writeFileSync(join(folder, "part-2.csv"), "a,b\n3,z\n");
    writeFileSync(join(folder, "part-1.csv.gz"), gzipSync("a,b\n1,x\n2,y\n"));
    const from = (dataset: string) => ingest(deps, { dataset, source: "part-*", folder });
    const done = await from("parts");
    expect(all(await rowsOf(done), "b")).toEqual(["x", "y", "z"]);
    expect(done.version.lineage.sources.map((s) => s.uri)).toEqual(["part-1.csv.gz", "part-2.csv"]);
    writeFileSync(join(folder, "part-3.csv"), "a,c\n3,z\n");
    await expect(from("parts2")).rejects.toThrow(
      /'part-3.csv' has other columns.*lacks 'b', adds 'c'/,
    );
  });

  test("5,000 columns work; 30,000 are refused", async () => {
    const wide = (n: number) =>
      `${Array.from({ length: n }, (_, j) => `c${j}`).join(",")}\n${Array.from({ length: 20 }, (_, i) => Array.from({ length: n }, (_, j) => (i * j) % 7).join(",")).join("\n")}\n`;
    const done = await take(wide(5000));
    expect(done.version.schema.columns).toHaveLength(5000);
    expect(cell(await rowsOf(done), "c4999", 3)).toBe((3 * 4999) % 7);
    await expect(take(wide(30_000))).rejects.toThrow(/30000 columns; at most 20000/);
  });
});
