import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byteDictionary } from "./byte-dictionary.ts";
import { cellNumber, cellTime } from "./cell.ts";
import { csvSplitter } from "./csv.ts";
import { sniffCsv } from "./csv-dialect.ts";
import { dateOrder, parseDate } from "./date.ts";
import { jsonlSplitter, packedCells } from "./jsonl.ts";
import { cellText, type TextBlock } from "./text-block.ts";
import { decodeUtf8 } from "./utf8.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "utf8"));
const blockOf = (...cells: string[]): TextBlock => ({
  ...packedCells(cells),
  rows: 1,
  width: cells.length,
  lines: new Float64Array(1),
  bad: [],
});
const COMMA = 44;

/** All rows, with the input handed over in pieces cut at `cuts`. */
function rowsOf(text: string, width: number, cuts: readonly number[] = []) {
  const bytes = bytesOf(text);
  const splitter = csvSplitter({ delimiter: COMMA, width });
  const rows: (string | undefined)[][] = [];
  const lines: number[] = [];
  const bad: { line: number; reason: string }[] = [];
  const places = [
    0,
    ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  for (let k = 1; k < places.length; k++) {
    const block = splitter.push(bytes.slice(places[k - 1], places[k]), k === places.length - 1);
    for (let r = 0; r < block.rows; r++)
      rows.push(Array.from({ length: width }, (_, c) => cellText(block, r * width + c)));
    lines.push(...block.lines);
    bad.push(...block.bad);
  }
  return { rows, lines, bad };
}

const field = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom("", "1.5", 'a "b"', "x,y", "two\nlines", "é📅", "\r\n", '"'),
);
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe("csv", () => {
  test("quoted fields come back as they were, whatever the pieces they arrive in", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 12 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.array(fc.nat(500), { maxLength: 6 }),
        fc.boolean(),
        (rows, end, cuts, lastBreak) => {
          const safe = rows.map((row) => row.map((t) => t.replaceAll("\0", "")));
          const text =
            safe.map((row) => row.map(quoted).join(",")).join(end) + (lastBreak ? end : "");
          const read = rowsOf(text, 3, cuts);
          expect(read.rows).toEqual(safe);
          expect(read.bad).toEqual([]);
        },
      ),
    );
  });

  test("any bytes in any pieces give the same rows and the same bad lines", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("a", "1", ",", '"', "\n", "\r", " ", "\0", "é"),
          maxLength: 60,
        }),
        fc.array(fc.nat(100), { maxLength: 5 }),
        (text, cuts) => {
          expect(rowsOf(text, 2, cuts)).toEqual(rowsOf(text, 2));
        },
      ),
      { numRuns: 400 },
    );
  });

  test("line numbers count lines of the file, blank ones and those inside quotes too", () => {
    const { lines, bad } = rowsOf('1,a\n\n2,"x\ny"\r\n3\n4,d\n', 2);
    expect(lines).toEqual([1, 3, 6]);
    expect(bad.map((b) => [b.line, b.reason])).toEqual([[5, "1 fields instead of 2"]]);
  });

  test.each<[string, string, string | undefined, boolean, number]>([
    ["commas", "a,b\n1,x\n2,y\n", ",", true, 2],
    ["German numbers", "a;b\n1,5;x\n2,5;y\n", ";", true, 2],
    ["tabs with quotes as text", 'ham\t"Hi" he said\nspam\tWin now\nham\tok\n', "\t", false, 2],
    ["one column", "name\nanna\nbert\n", undefined, true, 1],
    ["years as names stay names", "country,2015,2016\nA,1,2\nB,3,4\n", ",", true, 3],
    ["only numbers", "1,2\n3,4\n", ",", false, 2],
    ["names above text", "city,land\nBonn,DE\nLyon,FR\n", ",", true, 2],
  ])("sniffs %s", (_, text, delimiter, hasHeader, width) => {
    expect(sniffCsv(bytesOf(text))).toMatchObject({ delimiter, hasHeader, width });
  });
});

describe("cells", () => {
  test("a number is read to the last bit", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.integer(),
          fc.float({ noNaN: true, noDefaultInfinity: true }),
        ),
        (x) => {
          for (const text of [String(x), x.toFixed(4), x.toExponential(3)])
            if (Number.isFinite(Number(text)))
              expect(cellNumber(blockOf(text), 0)).toBe(Number(text));
        },
      ),
    );
  });

  test.each([
    "",
    "-",
    ".",
    "1,000",
    "1.2.3",
    "0x10",
    "1e",
    "e5",
    "12a",
    "1 2",
    "Infinity",
    "1_000",
    "--1",
    "1e999",
  ])("%j is no number", (text) => {
    expect(cellNumber(blockOf(text), 0)).toBeNaN();
  });

  test("the quick way to read a time agrees with the careful one", () => {
    const two = (n: number) => String(n).padStart(2, "0");
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9999 }),
        fc.nat(13),
        fc.nat(32),
        fc.nat(25),
        fc.nat(61),
        fc.nat(61),
        fc.nat(999),
        (y, mo, d, h, mi, s, ms) => {
          const day = `${String(y).padStart(4, "0")}-${two(mo)}-${two(d)}`;
          const forms = [
            day,
            `${day}T${two(h)}:${two(mi)}:${two(s)}`,
            `${day} ${two(h)}:${two(mi)}:${two(s)}.${ms}Z`,
          ];
          for (const text of forms) {
            const quick = cellTime(blockOf(text), 0);
            if (!Number.isNaN(quick)) expect(quick).toBe(parseDate(text));
            else if (d >= 1 && d <= 28 && h < 24 && mi < 60 && s < 60)
              expect(parseDate(text)).toBeNaN();
          }
        },
      ),
    );
  });

  test("dates as people write them", () => {
    const day = (y: number, m: number, d: number, h = 0, mi = 0) =>
      Date.UTC(y, m - 1, d, h, mi) / 1000;
    expect(parseDate("2015/7/1")).toBe(day(2015, 7, 1));
    expect(parseDate("1.7.2015 14:30")).toBe(day(2015, 7, 1, 14, 30));
    expect(parseDate("7/1/2015 2:30 PM", "mdy")).toBe(day(2015, 7, 1, 14, 30));
    expect(parseDate("12/31/2015 12:05 am", "mdy")).toBe(day(2015, 12, 31, 0, 5));
    expect(parseDate("Wed, 01 Jul 2015 10:00:00 +0200")).toBe(day(2015, 7, 1, 8));
    expect(parseDate("1-Jul-2015")).toBe(day(2015, 7, 1));
    for (const text of ["30.2.2015", "31/13/2015", "2015-07", "20150701", "1.7", "today"])
      expect(parseDate(text)).toBeNaN();
    expect(dateOrder(["1/2/2015", "13/2/2015"])).toBe("dmy");
    expect(dateOrder(["1/2/2015", "2/13/2015"])).toBe("mdy");
    expect(dateOrder(["1/1/2015", "1/2/2015", "1/3/2015", "2/1/2015"])).toBe("mdy");
    expect(dateOrder(["13/2/2015", "2/13/2015"])).toBeUndefined();
  });

  test("text is decoded as the platform's decoder does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const ours = decodeUtf8(bytes, 0, bytes.length).replace(/\ufffd+/g, "\ufffd");
        expect(ours).toBe(
          new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).replace(/\ufffd+/g, "\ufffd"),
        );
      }),
    );
  });

  test("a dictionary numbers distinct texts in order of first appearance", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 2000 }), (texts) => {
        const dictionary = byteDictionary();
        const codes = texts.map((t) => dictionary.code(bytesOf(t), 0, bytesOf(t).length, false));
        expect(codes.map((c) => dictionary.texts[c])).toEqual(texts);
        expect([...dictionary.texts]).toEqual([...new Set(texts)]);
      }),
    );
    const dictionary = byteDictionary();
    expect([
      dictionary.code(bytesOf('a"b'), 0, 3, false),
      dictionary.code(bytesOf('a""b'), 0, 4, true),
    ]).toEqual([0, 0]);
  });
});

describe("jsonl", () => {
  test("keeps the text of values; nested values stay JSON; keys it does not know are told", () => {
    const unknown: string[] = [];
    const block = jsonlSplitter(["a", "b", "constructor"], (key) => unknown.push(key)).push(
      bytesOf('{"a":1.5,"b":true}\n\n{"a":"x","b":{"c":[1]},"z":1}\nnope\n{"b":null}'),
      true,
    );
    const cells = Array.from({ length: block.rows * 3 }, (_, i) => cellText(block, i));
    expect(cells).toEqual([
      "1.5",
      "true",
      undefined,
      "x",
      '{"c":[1]}',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(block.bad.map((b) => b.line)).toEqual([4]);
    expect(unknown).toEqual(["z"]);
  });
});
