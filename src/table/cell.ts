import type { TextBlock } from "./text-block.ts";
import { cellText } from "./text-block.ts";
import { daysFromCivil } from "./time.ts";

/**
 * Texts that mean "no value" in every column, whatever their quotes. "None" and "-" are missing in numbers and times only: as
 * a category they may be an answer.
 */
const MISSING_TEXTS: readonly string[] = [
  "",
  "NA",
  "N/A",
  "n/a",
  "#N/A",
  "?",
  "null",
  "NULL",
  "Null",
  "\\N",
  "NaN",
  "nan",
];
const LONGEST_MISSING = 4;
const MISSING = new Set(MISSING_TEXTS);

/** Does a value written as this text count as missing? */
export const isMissingText = (text: string): boolean =>
  text.length <= LONGEST_MISSING && MISSING.has(text.trim());
/** Infinite, an error of a spreadsheet, or more than a double holds. */
const NOT_FINITE = /^[+-]?(inf|infinity|\d+(\.\d*)?e\+?\d{3,})$|^#(DIV\/0!|NUM!|REF!|VALUE!)$/i;

export function isMissing(block: TextBlock, cell: number): boolean {
  const start = block.starts[cell]!;
  const length = block.ends[cell]! - start;
  if (start < 0 || length === 0) return true;
  return length <= LONGEST_MISSING && MISSING.has((cellText(block, cell) ?? "").trim());
}

/** What a cell of a number column holds: a finite number, or why not. */
export type NotNumber = "missing" | "not_finite" | "text";

/** What may stand behind the digits of a number, or before them: an exponent, or a blank inside quotes. */
const MAY_GO_ON = new Set([..."eE \t"].map((c) => c.charCodeAt(0)));
const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * The finite number a cell spells, or NaN. Decimal point only; no thousands separators, units or hex. Exact: up to 15 digits
 * and a power of ten up to 22 fit a double without rounding (Clinger 1990), the rest goes through `Number`.
 */
export function cellNumber(block: TextBlock, cell: number): number {
  const { bytes } = block;
  let i = block.starts[cell]!;
  const end = block.ends[cell]!;
  if (i < 0 || i === end) return Number.NaN;
  const negative = bytes[i] === 45;
  if (negative || bytes[i] === 43) i++;
  let mantissa = 0;
  let digits = 0;
  let decimals = 0;
  let point = false;
  let seen = false;
  for (; i < end; i++) {
    const c = bytes[i]!;
    if (c >= 48 && c <= 57) {
      mantissa = mantissa * 10 + (c - 48);
      seen = true;
      if (mantissa > 0) digits++;
      if (point) decimals++;
    } else if (c === 46 && !point) point = true;
    else break;
  }
  if (i < end && !MAY_GO_ON.has(bytes[i]!)) return Number.NaN;
  if (i < end || digits > 15 || decimals > 22) return slowNumber(block, cell);
  if (!seen) return Number.NaN;
  const value = decimals === 0 ? mantissa : mantissa / POWERS[decimals]!;
  return negative ? -value : value;
}

function slowNumber(block: TextBlock, cell: number): number {
  const text = (cellText(block, cell) ?? "").trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

/**
 * Seconds since 1970 of "2015-07-01" and "2015-07-01T10:00:00[.25][Z]" (or with a blank for the T), straight from the bytes; NaN for
 * every other form, which may still be a time (`parseDate`).
 */
export function cellTime(block: TextBlock, cell: number): number {
  const { bytes } = block;
  const start = block.starts[cell]!;
  const length = block.ends[cell]! - start;
  if (start < 0 || length < 10 || bytes[start + 4] !== DASH || bytes[start + 7] !== DASH)
    return Number.NaN;
  const month = digits(bytes, start + 5, 2);
  const day = digits(bytes, start + 8, 2);
  // Days 29 to 31 depend on the month: left to the careful reader.
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 28)) return Number.NaN;
  const midnight = daysFromCivil(digits(bytes, start, 4), month, day) * 86_400;
  if (length === 10) return midnight;
  let end = start + length;
  if (bytes[end - 1] === 90) end--;
  const at = start + 10;
  if (
    (bytes[at] !== 84 && bytes[at] !== 32) ||
    end < at + 9 ||
    bytes[at + 3] !== COLON ||
    bytes[at + 6] !== COLON
  )
    return Number.NaN;
  const [h, m, s] = [digits(bytes, at + 1, 2), digits(bytes, at + 4, 2), digits(bytes, at + 7, 2)];
  if (!(h <= 23 && m <= 59 && s <= 59)) return Number.NaN;
  const places = end - at - 10;
  const whole = midnight + h * 3600 + m * 60 + s;
  if (places === -1) return whole;
  if (places < 1 || places > 9 || bytes[at + 9] !== 46) return Number.NaN;
  return whole + digits(bytes, at + 10, places) / POWERS[places]!;
}

const [DASH, COLON] = [45, 58];

/** The number that `count` digits spell, or NaN. */
function digits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const d = bytes[i]! - 48;
    if (!(d >= 0 && d <= 9)) return Number.NaN;
    value = value * 10 + d;
  }
  return value;
}

export function whyNotNumber(block: TextBlock, cell: number): NotNumber {
  if (isMissing(block, cell)) return "missing";
  const text = (cellText(block, cell) ?? "").trim();
  if (text === "" || text === "None" || text === "-") return "missing";
  return NOT_FINITE.test(text) ? "not_finite" : "text";
}
