import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import { rowsToFeeds } from "../onnx/graph-feeds.ts";
import { type RowProblem, rowsToTable } from "../onnx/rows.ts";
import type { Signature } from "../onnx/signature.ts";
import type { GraphTensors } from "../onnx/tensor.ts";
import { parseTime } from "../table/time.ts";
import type { RowFields } from "./route.ts";

/** One row as callers send it: column → value. */
export type RawRow = Readonly<Record<string, Json>>;

/** What the model made of one row: its output as in PredictionRecord, or what is wrong with the row. */
export type ScoredRow =
  | {
      readonly output: readonly number[];
      /** Imported models: this row of the graph's outputs, the axis of rows first. */
      readonly tensors?: GraphTensors;
    }
  | { readonly problems: readonly RowProblem[] };

/** Rows of one request: each costs memory beyond its bytes. */
export const MAX_ROWS = 100_000;

export interface RowRequest {
  readonly signature: Signature;
  readonly fields: RowFields;
  readonly rows: readonly unknown[];
  /** Milliseconds since 1970: the event time of rows that have none. */
  readonly at: number;
}

export interface ReadRows {
  readonly rows: readonly RawRow[];
  readonly keys: readonly (string | undefined)[];
  /** Milliseconds since 1970. */
  readonly eventTimes: readonly number[];
  readonly problems: readonly RowProblem[];
}

/** Which fields a model's rows may have: computed once per signature and fields, not once per request. */
export interface KnownFields {
  readonly columns: ReadonlySet<string>;
  readonly others: ReadonlySet<string>;
  /** Columns whose cells are lists. */
  readonly lists: ReadonlySet<string>;
}

export const knownFields = (signature: Signature, fields: RowFields): KnownFields => ({
  columns: new Set(signature.columns.map((column) => column.name)),
  others: new Set([
    ...(fields.key === undefined ? [] : [fields.key]),
    ...(fields.time === undefined ? [] : [fields.time]),
    ...(fields.pass ?? []),
  ]),
  lists: new Set(signature.columns.flatMap(({ name, role }) => (role === "tensor" ? [name] : []))),
});

/** Checks the shape of rows and picks key and event time; the values of the model's columns are checked where they become tensors. */
export function readRows(request: RowRequest, known: KnownFields): ReadRows {
  const { fields, signature, at } = request;
  const problems: RowProblem[] = [];
  const keys: (string | undefined)[] = [];
  const eventTimes: number[] = [];
  request.rows.forEach((given, row) => {
    const say = (column: string, value: unknown, expected: string) =>
      problems.push({ row, column, value: brief(value), expected });
    keys.push(undefined);
    eventTimes.push(at);
    if (!isRow(given)) {
      say("", given, "an object of columns and values");
      return;
    }
    let columns = 0;
    const raw = given as RawRow;
    for (const name in raw) {
      const value = raw[name]!;
      if (known.columns.has(name)) columns++;
      else if (!known.others.has(name)) say(name, value, unknownField(name, signature, known));
      if (typeof value === "object" && value !== null && !known.lists.has(name))
        say(name, value, "text, a number, true, false or null");
    }
    if (columns === 0 && known.columns.size > 0)
      say("", given, `at least one column of the model: ${namesOf(known)}`);
    const key = fields.key === undefined ? undefined : raw[fields.key];
    if (key !== undefined && key !== null) keys[row] = String(key);
    const time = fields.time === undefined ? undefined : raw[fields.time];
    if (time === undefined || time === null || time === "") return;
    const seconds = secondsOf(time);
    if (Number.isNaN(seconds)) say(fields.time!, time, TIME);
    else eventTimes[row] = Math.round(seconds * 1000);
  });
  return { rows: request.rows as readonly RawRow[], keys, eventTimes, problems };
}

const TIME = "a time: ISO 8601 text such as 2024-05-01T12:00:00Z, or seconds since 1970";

/** Seconds since 1970 of a value in a row; NaN when it is no time. */
function secondsOf(value: Json): number {
  if (typeof value === "number" && Math.abs(value) <= MAX_SECONDS) return value;
  return typeof value === "string" ? parseTime(value) : Number.NaN;
}

/** The year 9999: beyond it, somebody has sent milliseconds. */
const MAX_SECONDS = 253_402_300_799;

/** The answer to rows that cannot be read: every field that is wrong, the first few in words. */
export function invalidRows(problems: readonly RowProblem[]): MillwrightError {
  const shown = problems.slice(0, 3).map(({ row, column, value, expected }) => {
    const field = column === "" ? `row ${row}` : `row ${row}, ${column}`;
    return `${field}: ${JSON.stringify(value)} should be ${expected}`;
  });
  const more = problems.length > 3 ? ` … and ${problems.length - 3} more` : "";
  return new MillwrightError("invalid_input", shown.join("; ") + more, {
    details: { problems: problems.slice(0, 100), count: problems.length },
  });
}

/** Everything that is wrong with rows that were not even read: shape and values, each field once, by row. */
export function allProblems(signature: Signature, read: ReadRows): RowProblem[] {
  const rows = read.rows.map((row) => (isRow(row) ? row : {}));
  const seen = new Set(read.problems.map(({ row, column }) => `${row}/${column}`));
  const { graph } = signature;
  const { problems } = graph ? rowsToFeeds(graph, rows) : rowsToTable(signature, rows);
  const values = problems.filter(({ row, column }) => !seen.has(`${row}/${column}`));
  return [...read.problems, ...values].sort((a, b) => a.row - b.row);
}

const isRow = (given: unknown): boolean =>
  typeof given === "object" && given !== null && !Array.isArray(given);

/** What is wrong with the rows of one call, `row` counted within the call. */
export const problemsOf = (scored: readonly ScoredRow[]): RowProblem[] =>
  scored.flatMap((row, i) =>
    "problems" in row ? row.problems.map((problem) => ({ ...problem, row: i })) : [],
  );

/** A value short enough to repeat in an error. */
function brief(value: unknown): Json {
  if (value === undefined) return null;
  if (typeof value === "string") return value.length > 100 ? `${value.slice(0, 100)}…` : value;
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  return value as Json;
}

function unknownField(name: string, signature: Signature, known: KnownFields): string {
  if (name === signature.target) return "left out: it is what the model predicts";
  return `left out: the model takes ${namesOf(known)}`;
}

function namesOf({ columns, others }: KnownFields): string {
  const names = [...new Set([...columns, ...others])];
  return names.length <= 40
    ? names.join(", ")
    : `${names.slice(0, 40).join(", ")} and ${names.length - 40} more`;
}
