import type { Json } from "../lib/json.ts";
import { parseNumber } from "../table/cast.ts";
import { isMissingText } from "../table/cell.ts";
import { type Column, stringColumn, type Table } from "../table/table.ts";
import { parseTime } from "../table/time.ts";
import type { Signature, SignatureColumn } from "./signature.ts";

/** What is wrong with one field of one row. */
export interface RowProblem {
  /** Counted from 0. */
  readonly row: number;
  readonly column: string;
  /** As given; long texts cut. */
  readonly value: Json;
  /** What it should be, in words. */
  readonly expected: string;
}

/** The year 9999: a number beyond it is milliseconds by mistake. */
const MAX_SECONDS = 253_402_300_799;
/** A longer text is an attachment by mistake. */
const MAX_TEXT = 1_000_000;

export const EXPECTED: Readonly<Record<SignatureColumn["role"], string>> = {
  numeric: "a finite number",
  time: "a time: ISO 8601 text such as 2024-05-01T12:00:00Z, or seconds since 1970",
  category: "text, a number, true or false",
  tensor: "a nested list of numbers",
  text: `text of at most ${MAX_TEXT} characters`,
};

/**
 * Rows as people send them, as the table a model takes. Numbers may be written as text, booleans become "true" and "false",
 * times are ISO 8601 text or seconds. null, absent fields and what files write for nothing ("", "NA", "?" …) are missing, as in training. A field with a problem is missing in the table.
 * Fields the model does not know are not looked at.
 */
export function rowsToTable(
  signature: Pick<Signature, "columns">,
  rows: readonly Readonly<Record<string, Json | undefined>>[],
): { table: Table; problems: RowProblem[] } {
  const problems: RowProblem[] = [];
  const columns = new Map<string, Column>();
  for (const { name, role } of signature.columns) {
    // A table has no columns of lists: see `graph-feeds.ts`.
    if (role === "tensor") continue;
    const read = <T>(parse: (value: Json) => T | undefined, missing: T): T[] =>
      rows.map((fields, row) => {
        const value = fields[name];
        if (value === undefined || value === null) return missing;
        if (typeof value === "string" && isMissingText(value)) return missing;
        const parsed = parse(value);
        if (parsed !== undefined) return parsed;
        problems.push({ row, column: name, value: brief(value), expected: EXPECTED[role] });
        return missing;
      });
    if (role === "numeric")
      columns.set(name, { type: "number", values: Float64Array.from(read(toNumber, Number.NaN)) });
    else if (role === "time")
      columns.set(name, { type: "time", values: Float64Array.from(read(toTime, Number.NaN)) });
    else columns.set(name, stringColumn(read<string | null>(toText, null)));
  }
  return { table: { rows: rows.length, columns }, problems };
}

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

export function toNumber(value: Json): number | undefined {
  if (typeof value === "number") return finite(value);
  if (typeof value === "boolean") return Number(value);
  return typeof value === "string" ? finite(parseNumber(value)) : undefined;
}

export function toTime(value: Json): number | undefined {
  if (typeof value === "number") return Math.abs(value) <= MAX_SECONDS ? value : undefined;
  return typeof value === "string" ? finite(parseTime(value)) : undefined;
}

export function toText(value: Json): string | undefined {
  if (typeof value === "string") return value.length <= MAX_TEXT ? value : undefined;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

export function brief(value: Json): Json {
  if (typeof value === "string" && value.length > 100) return `${value.slice(0, 100)}…`;
  if (Array.isArray(value)) return "[…]";
  return typeof value === "object" && value !== null ? "{…}" : value;
}
