import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Column, numberColumn, stringColumn, type Table } from "../../table/table.ts";
import { cellText } from "../../table/text-block.ts";
import type { Columns, FileBlock, Piece, Source } from "./columns.ts";
import { duckdbColumns } from "./duckdb.ts";

let folder: string;
let columns: Columns;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-pieces-"));
  columns = await duckdbColumns({ scratch: join(folder, "scratch") });
});
afterAll(async () => {
  await columns.close();
  rmSync(folder, { recursive: true, force: true });
});

async function gathered(blocks: AsyncIterable<FileBlock>): Promise<string[]> {
  const found: string[] = [];
  for await (const block of blocks) {
    for (let r = 0; r < block.rows; r++) {
      const cells = Array.from({ length: block.width }, (_, j) =>
        cellText(block, r * block.width + j),
      );
      found.push(JSON.stringify([block.lines[r], ...cells]));
    }
    for (const { line, reason } of block.bad) found.push(JSON.stringify([line, "bad", reason]));
  }
  return found.sort();
}

async function cutUp(source: Source, size: number): Promise<{ pieces: Piece[]; rows: string[] }> {
  const pieces: Piece[] = [];
  for await (const piece of columns.pieces(source, size)) pieces.push(piece);
  const rows: string[] = [];
  if (source.files.every((file) => columns.readsInPlace(file)))
    for (const piece of pieces) rows.push(...(await gathered(columns.pieceBlocks(source, piece))));
  else
    await columns.unpack(source, pieces, async (piece, { path, discard }) => {
      rows.push(...(await gathered(columns.pieceBlocks(source, piece, path))));
      await discard();
    });
  return { pieces, rows: rows.sort() };
}

const given = (name: string, bytes: string | Uint8Array) => {
  writeFileSync(join(folder, name), bytes);
  return columns.inspect({ uri: name, folder });
};

const cell = fc.oneof(
  fc.constantFrom(
    "x",
    "long text with blanks",
    '"quoted, with comma"',
    '"two\nlines"',
    '"a ""b"""',
  ),
  fc.constantFrom('stray " quote', '"never closed', "é日本📅", "", "1,2", '"x" tail'),
  fc.string({ maxLength: 12 }).map((s) => s.replace(/[\r\n,"\0]/g, "")),
);
const line = fc
  .tuple(cell, cell, fc.constantFrom("\n", "\n", "\r\n"))
  .map(([a, b, end]) => `${a},${b}${end}`);

describe("a source cut into pieces", () => {
  test("gives the same rows, lines and bad rows as read in one go, in place, packed and converted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 200, maxLength: 700 }),
        fc.constantFrom("plain", "gz", "utf-16", "bom"),
        async (lines, kind) => {
          const text = `name,number\n${"plain,1\n".repeat(9000)}${lines.join("")}${"more,2\n".repeat(5000)}`;
          const bytes =
            kind === "utf-16"
              ? Buffer.from(`\ufeff${text}`, "utf16le")
              : Buffer.from(kind === "bom" ? `\ufeff${text}` : text);
          const source = await given("cut.csv", kind === "gz" ? gzipSync(bytes) : bytes);
          const whole = await gathered(columns.blocks(source));
          const { pieces, rows } = await cutUp(source, 20_000);
          expect(pieces.length).toBeGreaterThan(2);
          expect(rows).toEqual(whole);
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test("carriage returns alone, JSON lines, one row, names only", async () => {
    const jsonl = Array.from(
      { length: 5000 },
      (_, i) => `{"a":${i},"b":"x\\ny"}\n${i % 50 === 0 ? "oops\n" : ""}`,
    ).join("");
    for (const [name, text] of [
      ["cr.csv", `a,b\r${"1,2\r".repeat(30_000)}`],
      ["lines.jsonl", jsonl],
      ["one.csv", "a,b\n1,2\n"],
      ["end.csv", `a,b\n${"1,2\n".repeat(20_000)}3,4`],
      ["names.csv", "a,b\n"],
    ] as const) {
      const source = await given(name, text);
      expect((await cutUp(source, 16_384)).rows).toEqual(await gathered(columns.blocks(source)));
    }
  });

  test("a changed file is noticed before and while it is read", async () => {
    const source = await given("changed.csv", `a,b\n${"1,2\n".repeat(20_000)}`);
    const [piece] = (await cutUp(source, 1 << 20)).pieces;
    appendFileSync(join(folder, "changed.csv"), "3,4\n");
    await expect(gathered(columns.pieceBlocks(source, piece!))).rejects.toThrow(
      /'changed.csv' was changed/,
    );
    rmSync(join(folder, "changed.csv"));
    await expect(gathered(columns.pieceBlocks(source, piece!))).rejects.toThrow(
      /changed or removed/,
    );
  });
});

const specs = [
  { name: "t", type: "string" },
  { name: "n", type: "number" },
] as const;
const tableOf = (from: number, rows: number): Table => ({
  rows,
  columns: new Map<string, Column>([
    [
      "t",
      stringColumn(
        Array.from({ length: rows }, (_, i) =>
          (from + i) % 7 === 0 ? undefined : `text ${from + i} ${"long ".repeat(i % 9)}`,
        ),
      ),
    ],
    ["n", numberColumn(Array.from({ length: rows }, (_, i) => from + i))],
  ]),
});
async function written(table: Table): Promise<string> {
  const writer = await columns.writer(specs);
  await writer.append(table);
  return (await writer.finish()).path;
}

describe("Parquet files joined", () => {
  test("hold the rows of all, in order, wherever they are read", async () => {
    const parts = [];
    for (const [from, rows] of [
      [0, 300],
      [300, 130_000],
      [130_300, 1],
      [130_301, 5000],
    ] as const)
      parts.push(await written(tableOf(from, rows)));
    const to = join(folder, "joined.parquet");
    await columns.publish(parts, { to, token: "t" });
    expect(await columns.describe(to)).toEqual({ rows: 135_301, columns: specs });
    const whole = await columns.readTable(to);
    const n = whole.columns.get("n")!;
    expect(n.type === "number" && n.values.every((value, i) => value === i)).toBe(true);
    const one = tableOf(0, 300).columns.get("t")!;
    const got = (await columns.readTable(to, { to: 300 })).columns.get("t")!;
    const texts = (c: Column) =>
      c.type === "string" ? [...c.codes].map((k) => c.dictionary[k]) : [];
    expect(texts(got)).toEqual(texts(one));
    const source = await columns.inspect({ uri: to, folder });
    expect((await cutUp(source, 1)).rows).toEqual(await gathered(columns.blocks(source)));
  });

  test("other columns, or half a file, are refused", async () => {
    const writer = await columns.writer([specs[1]]);
    await writer.append(tableOf(0, 3));
    const other = (await writer.finish()).path;
    const part = await written(tableOf(0, 3));
    await expect(
      columns.publish([part, other], { to: join(folder, "no1.parquet"), token: "t" }),
    ).rejects.toThrow(/other columns/);
    writeFileSync(join(folder, "half.parquet"), "PAR1 and then nothing of use");
    await expect(
      columns.publish([join(folder, "half.parquet")], {
        to: join(folder, "no2.parquet"),
        token: "t",
      }),
    ).rejects.toThrow(/not a whole Parquet/);
  });
});

describe("cells", () => {
  test("are written as they stand: escapes, letters beyond ASCII, broken UTF-8, missing, SQL types", async () => {
    const texts = [
      "",
      "short",
      "exactly12ch.",
      "thirteen char",
      "é",
      "日本語のテキスト",
      'say ""hi""',
      "\x00",
    ];
    const csv = Buffer.concat([
      Buffer.from(
        `id,t\n${texts
          .slice(0, 7)
          .map((t, i) => `${i},"${t}"`)
          .join("\n")}\n7,"`,
      ),
      Buffer.from([0xff, 0x41]),
      Buffer.from('"\n'),
    ]);
    const source = { ...(await given("cells.csv", csv)) };
    const utf8 = {
      ...source,
      files: source.files.map((f) => ({ ...f, encoding: "utf-8" as const })),
    };
    const writer = await columns.writer([
      { name: "id", type: "string", as: "BIGINT" },
      { name: "t", type: "string" },
      { name: "p", type: "number" },
    ]);
    for await (const block of columns.blocks(utf8)) {
      const rows = Array.from({ length: block.rows }, (_, i) => i);
      await writer.appendCells(block, rows, {
        rows: rows.length,
        columns: new Map([["p", numberColumn(rows)]]),
      });
    }
    const { path } = await writer.finish();
    const table = await columns.readTable(path);
    const t = table.columns.get("t")!;
    expect(t.type === "string" && [...t.codes].map((c) => t.dictionary[c])).toEqual([
      ...texts.slice(0, 6),
      'say "hi"',
      "\ufffdA",
    ]);
    expect(table.columns.get("id")).toEqual(numberColumn([0, 1, 2, 3, 4, 5, 6, 7]));
  });
});
