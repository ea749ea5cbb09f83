import { utf8ToBytes } from "@noble/hashes/utils.js";
import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { Signature } from "../onnx/signature.ts";
import { raggedRows } from "../table/csv.ts";
import { cellText } from "../table/text-block.ts";
import { type Answer, outputsOf } from "./answer.ts";
import { tensorRows } from "./tensor-rows.ts";

/** The body of MLflow's scoring protocol (`POST /invocations`): exactly one of these holds the rows. */
const FORMS = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

/**
 * Rows of MLflow's CSV or any of its JSON forms, unchecked as to their columns. Lists without names go by the order of the
 * model's columns.
 */
export function decodeInvocation(body: unknown, signature: Signature): readonly unknown[] {
  if (typeof body === "string") return csvRows(body);
  const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const forms = FORMS.filter((form) => form in given);
  const [form] = forms;
  if (form === undefined || forms.length > 1)
    throw invalid(
      `The body must be a JSON object with exactly one of ${FORMS.join(", ")}; it has ${forms.length === 0 ? "none" : forms.join(" and ")}.`,
    );
  const value = given[form];
  if (signature.graph && (form === "inputs" || form === "instances"))
    return tensorRows(signature, signature.graph, value, form);
  if (form === "dataframe_split") return splitRows(value);
  if (form === "inputs" && typeof value === "object" && value !== null && !Array.isArray(value))
    return columnRows(value as Record<string, unknown>);
  if (!Array.isArray(value)) throw invalid(`${form}: should be a list of rows.`);
  return form === "dataframe_records"
    ? value
    : value.map((row) => (isRecord(row) ? row : positionalRow(row, signature)));
}

/** What MLflow clients expect (`predictions`; null where the model abstains), and what feedback needs. */
export function encodeInvocation(answer: Answer): object {
  return {
    predictions: answer.rows.map(said),
    ids: answer.rows.map(({ id }) => id),
    outputs: answer.rows.map(({ output }) => output),
    version: answer.rows[0]?.by.version.number,
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

function positionalRow(row: unknown, { columns }: Signature): unknown {
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
