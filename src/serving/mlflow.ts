import { utf8ToBytes } from "@noble/hashes/utils.js";
import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import { readJson } from "../lib/read-json.ts";
import { utf8Text } from "../lib/utf8.ts";
import type { Signature } from "../onnx/signature.ts";
import { raggedRows } from "../table/csv.ts";
import { cellText } from "../table/text-block.ts";
import { type Answer, outputsOf, unlogged } from "./answer.ts";
import { MAX_ROWS } from "./rows.ts";
import { tensorRows } from "./tensor-rows.ts";

/** Of the types MLflow's scoring server takes. */
export type InvocationBody = { readonly json: unknown } | { readonly csv: string };

/** Reads the body by its content type, JSON or CSV in UTF-8. Throws `unsupported` for any other, `invalid_input` for no JSON. */
export function readInvocation(
  bytes: Uint8Array | undefined,
  contentType: string | undefined,
): InvocationBody {
  const [type, ...options] = (contentType ?? "").toLowerCase().split(";");
  const charset = options.map((option) => /^\s*charset\s*=\s*"?([\w-]+)/.exec(option)?.[1]);
  const other = charset.find((name) => name !== undefined && !/^(utf-?8|us-ascii)$/.test(name));
  if (other !== undefined)
    throw new MillwrightError("unsupported", `charset ${other} is not read: send UTF-8.`);
  const text = utf8Text(bytes ?? new Uint8Array());
  if (type!.trim() === "application/json") return { json: readJson(text) };
  if (type!.trim() === "text/csv") return { csv: text };
  throw new MillwrightError(
    "unsupported",
    `Content-Type ${JSON.stringify((contentType ?? "").slice(0, 100))} is not read: send application/json or text/csv.`,
  );
}

/** The body of MLflow's scoring protocol (`POST /invocations`): exactly one of these holds the rows. */
const FORMS = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

/**
 * Rows of MLflow's CSV or any of its JSON forms, unchecked as to their columns. Lists without names go by the order of the
 * model's columns. `params` are not used: models here have none.
 * @param signature undefined when the model cannot be loaded: then rows need names.
 */
export function decodeInvocation(
  body: InvocationBody,
  signature: Signature | undefined,
): readonly unknown[] {
  const rows = "csv" in body ? csvRows(body.csv) : jsonRows(body.json, signature);
  if (rows.length > MAX_ROWS)
    throw invalid(`There are ${rows.length} rows; ${MAX_ROWS} is the most of one request.`);
  return rows;
}

function jsonRows(json: unknown, signature: Signature | undefined): readonly unknown[] {
  const given = (isRecord(json) ? json : {}) as Record<string, unknown>;
  const forms = FORMS.filter((form) => form in given);
  const [form] = forms;
  if (form === undefined || forms.length > 1)
    throw invalid(
      `The body must be a JSON object with exactly one of ${FORMS.join(", ")}; it has ${forms.length === 0 ? "none" : forms.join(" and ")}.`,
    );
  if (given.params !== undefined && given.params !== null && !isRecord(given.params))
    throw invalid("params: should be an object.");
  const value = given[form];
  if (signature?.graph && (form === "inputs" || form === "instances"))
    return tensorRows(signature, signature.graph, value, form);
  if (form === "dataframe_split") return splitRows(value);
  if (form === "inputs" && isRecord(value)) return columnRows(value as Record<string, unknown>);
  if (!Array.isArray(value)) throw invalid(`${form}: should be a list of rows.`);
  if (form !== "dataframe_records")
    return value.map((row) => (isRecord(row) ? row : positionalRow(row, signature)));
  const odd = value.findIndex((row) => !isRecord(row));
  if (odd >= 0)
    throw invalid(`dataframe_records[${odd}]: should be an object of columns and values.`);
  return value;
}

/** What MLflow clients expect (`predictions`; null where the model abstains), and what feedback needs. */
export function encodeInvocation(answer: Answer): object {
  return {
    predictions: answer.rows.map(said),
    ids: answer.rows.map(({ id }) => id),
    outputs: answer.rows.map(({ output }) => output),
    version: answer.rows[0]?.by.version.number,
    ...unlogged(answer),
  };
}

function said({ label, certainty, by: { signature }, tensors }: Answer["rows"][0]): Json {
  if (certainty?.abstained) return null;
  if (signature.task !== "tensors") return label;
  const outputs = outputsOf(signature, tensors);
  const values = Object.values(outputs);
  return values.length === 1 ? values[0]! : outputs;
}

function splitRows(value: unknown): unknown[] {
  const { columns, data } = (value ?? {}) as { columns?: unknown; data?: unknown };
  const named = Array.isArray(columns) && columns.every((name) => typeof name === "string");
  if (!named) throw invalid("dataframe_split.columns: should be a list of column names.");
  if (!Array.isArray(data)) throw invalid("dataframe_split.data: should be a list of rows.");
  if (new Set(columns).size < columns.length)
    throw invalid("dataframe_split.columns: has a name twice.");
  return data.map((row: unknown, i) => {
    if (!Array.isArray(row) || row.length !== columns.length)
      throw invalid(
        `dataframe_split.data[${i}]: should be a list of ${columns.length} values, one per column.`,
      );
    return Object.fromEntries(columns.map((name: string, k) => [name, row[k] as Json]));
  });
}

/** RFC 4180 with a header line; an empty field is missing. */
function csvRows(text: string): unknown[] {
  const block = raggedRows(utf8ToBytes(text), COMMA, true);
  const [bad] = block.bad;
  if (bad !== undefined) throw invalid(`CSV, line ${bad.line}: ${bad.reason}.`);
  const [width = 0] = block.widths;
  const names = Array.from({ length: width }, (_, k) => cellText(block, k) ?? "");
  if (block.rows < 2) throw invalid("CSV: there should be a header line and at least one row.");
  const rows: unknown[] = [];
  let cell = width;
  for (let r = 1; r < block.rows; r++) {
    if (block.widths[r] !== width)
      throw invalid(
        `CSV, line ${block.lines[r]}: has ${block.widths[r]} fields; the header has ${width}.`,
      );
    const from = cell;
    rows.push(
      Object.fromEntries(names.map((name, k) => [name, cellText(block, from + k) ?? null])),
    );
    cell += width;
  }
  return rows;
}

const COMMA = 44;

function columnRows(columns: Readonly<Record<string, unknown>>): unknown[] {
  const lists = Object.entries(columns).map(([name, values]) => {
    if (!Array.isArray(values)) throw invalid(`inputs.${name}: should be a list of values.`);
    return [name, values] as const;
  });
  const rows = lists[0]?.[1].length ?? 0;
  const odd = lists.find(([, values]) => values.length !== rows);
  if (odd !== undefined)
    throw invalid(
      `inputs.${odd[0]}: has ${odd[1].length} values but ${lists[0]![0]} has ${rows}; every column needs the same number.`,
    );
  return Array.from({ length: rows }, (_, i) =>
    Object.fromEntries(lists.map(([name, values]) => [name, values[i]])),
  );
}

function positionalRow(row: unknown, signature: Signature | undefined): unknown {
  if (signature === undefined)
    throw invalid("Rows without column names need the model, which cannot be loaded: name them.");
  const { columns } = signature;
  const values: unknown[] = Array.isArray(row) ? row : [row];
  if (values.length !== columns.length)
    throw invalid(
      `A row without column names should have ${columns.length} values (${columns.map((c) => c.name).join(", ")}); one has ${values.length}.`,
    );
  return Object.fromEntries(columns.map((column, k) => [column.name, values[k]]));
}

const isRecord = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const invalid = (message: string): MillwrightError => new MillwrightError("invalid_input", message);
