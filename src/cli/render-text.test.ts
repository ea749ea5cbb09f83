import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import {
  counted,
  cut,
  decimal,
  displayWidth,
  moment,
  oneLine,
  percent,
  table,
  when,
  wrap,
} from "./render-text.ts";

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);

describe("widths", () => {
  test("count columns, not characters", () => {
    expect(displayWidth("abc")).toBe(3);
    expect(displayWidth("日本")).toBe(4);
    expect(displayWidth("e\u0301")).toBe(1);
    expect(displayWidth("\u001b[31mred\u001b[39m")).toBe(3);
  });

  test("long text is cut with an ellipsis", () => {
    expect(cut("abcdef", 6)).toBe("abcdef");
    expect(cut("abcdefg", 6)).toBe("abcde…");
    expect(displayWidth(cut("日本日本日本", 6))).toBeLessThanOrEqual(6);
  });

  test("data cannot move the cursor", () => {
    expect(oneLine("a\nb\u001b[2Jc\u202ed")).toBe("a bc d");
  });
});

test("text is wrapped at blanks", () => {
  expect(wrap("one two three four", 9, 2)).toEqual(["one two", "  three", "  four"]);
  expect(wrap("", 9)).toEqual([""]);
});

test("tables align, and wrap their last column under itself", () => {
  const lines = table(
    ["name", { title: "n", right: true }, "why"],
    [
      ["a", "1", "short"],
      ["longer", "1,000", "a reason that does not fit into the line"],
    ],
    40,
  );
  expect(plain(lines)).toEqual([
    "  name        n  why",
    "  a           1  short",
    "  longer  1,000  a reason that does not",
    "                 fit into the line",
  ]);
});

test("numbers are for people", () => {
  expect([0, 0.84312, 12.345, 1234.5, -2345.6, 0.00001234].map(decimal)).toEqual([
    "0.0000",
    "0.8431",
    "12.35",
    "1,235",
    "-2,346",
    "1.23e-5",
  ]);
  expect(decimal(Number.NaN)).toBe("–");
  expect([0.265, 0.0005, 1].map(percent)).toEqual(["26.5 %", "0.05 %", "100.0 %"]);
  expect([counted(1, "row"), counted(7043, "row"), counted(2, "entry", "entries")]).toEqual([
    "1 row",
    "7,043 rows",
    "2 entries",
  ]);
});

test("times are relative while they are near", () => {
  const now = Date.UTC(2024, 4, 2, 12);
  expect(when(now - 1000, now)).toBe("just now");
  expect(when(now - 3 * 3_600_000, now)).toBe("3.0 h ago");
  expect(when(Date.UTC(2002, 7, 12), now)).toBe("2002-08-12");
  expect(when(now + 90_000_000, now)).toBe("2024-05-03");
  expect(moment(now)).toBe("2024-05-02 12:00");
});
