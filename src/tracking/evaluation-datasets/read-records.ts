import { canonicalJson, type Json } from "../../lib/json.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { storableJson } from "../traces/attribute-value.ts";
import { type RecordSchema, USER_TAG } from "./evaluation-dataset.ts";

export interface GivenRecords {
  /** The list as JSON: numbers as they were written. */
  readonly text: string;
  /** Places in the list, from 1, in rounds: no two records of a round have the same inputs. */
  readonly rounds: readonly (readonly number[])[];
  readonly count: number;
  /** The last who is named by a record's tags. */
  readonly by: string | undefined;
  schemaAfter(known: RecordSchema | undefined): RecordSchema;
}

type Fields = { readonly [key: string]: Json };

const isFields = (value: Json | undefined): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Records as MLflow's clients send them, a list in JSON. Throws INVALID_PARAMETER_VALUE naming the record and the field. */
export function readRecords(text: string): GivenRecords {
  const records = parsed("records", text);
  if (!Array.isArray(records)) throw invalidParameter("records must be a JSON list of objects.");
  records.forEach(checkRecord);
  const checked = records as Fields[];
  return {
    text: isStorable(records) ? text : JSON.stringify(storableJson(records)),
    ...{ rounds: roundsOf(checked), count: checked.length },
    by: checked.reduce<string | undefined>((by, { tags }) => userOf(tags) ?? by, undefined),
    schemaAfter: (known) => schemaOf(known, checked),
  };
}

/** A field that is JSON text. */
export function parsed(field: string, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw invalidParameter(`${field} is not JSON: ${(cause as Error).message.slice(0, 200)}`);
  }
}

/** As PostgreSQL can keep it. */
const isStorable = (value: Json): boolean =>
  JSON.stringify(value) === JSON.stringify(storableJson(value));

export const userOf = (tags: Json | undefined): string | undefined =>
  isFields(tags) && typeof tags[USER_TAG] === "string" ? tags[USER_TAG] : undefined;

function checkRecord(record: Json, i: number): void {
  const wrong = (what: string) => invalidParameter(`records[${i}]${what}`);
  if (!isFields(record)) throw wrong(" must be an object.");
  for (const field of ["inputs", "expectations", "tags", "source"] as const) {
    const value = record[field];
    if (value !== undefined && value !== null && !isFields(value))
      throw wrong(`.${field} must be an object.`);
  }
  if (!allFinite(record)) throw wrong(" holds a number that is beyond a double.");
}

const allFinite = (value: Json): boolean =>
  typeof value === "number"
    ? Number.isFinite(value)
    : typeof value !== "object" || value === null || Object.values(value).every(allFinite);

function roundsOf(records: readonly Fields[]): number[][] {
  const seen = new Map<string, number>();
  const rounds: number[][] = [];
  records.forEach(({ inputs }, i) => {
    const key = canonicalJson(inputs ?? {});
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    if (rounds[round] === undefined) rounds[round] = [i + 1];
    else rounds[round].push(i + 1);
  });
  return rounds;
}

function schemaOf(known: RecordSchema | undefined, records: readonly Fields[]): RecordSchema {
  const [inputs, expectations] = [new Map<string, string>(), new Map<string, string>()];
  const fields = new Map<string, string>();
  let single: string | undefined;
  for (const record of records) {
    addTypes(inputs, record.inputs);
    addTypes(expectations, record.expectations);
    const { outputs } = record;
    if (isFields(outputs)) addTypes(fields, outputs);
    else if (outputs !== undefined && outputs !== null) single ??= typeOf(outputs);
  }
  const before = known?.outputs ?? {};
  const outputs =
    typeof before === "string" ? before : { ...Object.fromEntries(fields), ...before };
  return {
    inputs: { ...Object.fromEntries(inputs), ...known?.inputs },
    outputs: single !== undefined && Object.keys(outputs).length === 0 ? single : outputs,
    expectations: { ...Object.fromEntries(expectations), ...known?.expectations },
    version: "1.0",
  };
}

function addTypes(types: Map<string, string>, fields: Json | undefined): void {
  if (!isFields(fields)) return;
  for (const [key, value] of Object.entries(fields))
    if (!types.has(key)) types.set(key, typeOf(value));
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  return Array.isArray(value) ? "array" : typeof value;
}
