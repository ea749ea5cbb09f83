import type { TextBlock } from "./text-block.ts";
import { cellText } from "./text-block.ts";

/**
 * Texts that mean "no value" in every column, whatever their quotes. "None" and "-" are missing in numbers and times only: as
 * a category they may be an answer.
 */
export const MISSING_TEXTS: readonly string[] = [
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
const NOT_FINITE = /^[+-]?(inf|infinity)$|^#(DIV\/0!|NUM!|REF!|VALUE!)$/i;

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

export function whyNotNumber(block: TextBlock, cell: number): NotNumber {
  if (isMissing(block, cell)) return "missing";
  const text = (cellText(block, cell) ?? "").trim();
  if (text === "" || text === "None" || text === "-") return "missing";
  return NOT_FINITE.test(text) ? "not_finite" : "text";
}
