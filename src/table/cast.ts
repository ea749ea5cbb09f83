import { type Column, type StringColumn, stringColumn } from "./table.ts";

/** Any column as numbers (text that is no number is NaN); an absent column is all missing. */
export function asNumbers(column: Column | undefined, rows: number): Float64Array {
  if (column === undefined) return new Float64Array(rows).fill(Number.NaN);
  if (column.type !== "string") return column.values;
  const parsed = column.dictionary.map(parseNumber);
  return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : parsed[code]!));
}

/** Any column as text (numbers in their shortest form, NaN missing); an absent column is all missing. */
export function asStrings(column: Column | undefined, rows: number): StringColumn {
  if (column === undefined)
    return { type: "string", codes: new Int32Array(rows).fill(-1), dictionary: [] };
  if (column.type === "string") return column;
  return stringColumn(Array.from(column.values, (v) => (Number.isNaN(v) ? null : String(v))));
}

/** `"12.5"`, `" 1e3 "`: the number; anything else, also "" and "Infinity", is NaN. */
export function parseNumber(text: string): number {
  const trimmed = text.trim();
  if (trimmed === "") return Number.NaN;
  const value = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(trimmed)
    ? Number(trimmed)
    : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}
