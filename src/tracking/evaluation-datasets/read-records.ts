import { canonicalJson, type Json } from "../../lib/json.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { isObject, type JsonObject, parsedJson, storableJson } from "../mlflow/storable.ts";
import { type RecordSchema, USER_TAG } from "./evaluation-dataset.ts";

export interface GivenRecords {
  /** No two records of a round have the same inputs; of those that have, the later ones are in later rounds. */
  readonly rounds: readonly Round[];
  readonly count: number;
  /** The last who is named by a record's tags. */
  readonly by: string | undefined;
  schemaAfter(known: RecordSchema | undefined): RecordSchema;
}

export interface Round {
  /** A list in JSON: numbers as they were written. */
  readonly text: string;
  readonly count: number;
}

/** Records as MLflow's clients send them, a list in JSON. Throws INVALID_PARAMETER_VALUE naming the record and the field. */
export function readRecords(text: string): GivenRecords {
  const given = parsedJson("records", text);
  const records = storableJson(given);
  if (!Array.isArray(records)) throw invalidParameter("records must be a JSON list of objects.");
  records.forEach(checkRecord);
  const checked = records as JsonObject[];
  const kept = JSON.stringify(records);
  return {
    rounds: roundsOf(checked, JSON.stringify(given) === kept ? text : kept),
    count: checked.length,
    by: checked.reduce<string | undefined>((by, { tags }) => userOf(tags) ?? by, undefined),
    schemaAfter: (known) => schemaOf(known, checked),
  };
}

export const userOf = (tags: Json | undefined): string | undefined =>
  isObject(tags) && typeof tags[USER_TAG] === "string" ? tags[USER_TAG] : undefined;

function checkRecord(record: Json, i: number): void {
  const wrong = (what: string) => invalidParameter(`records[${i}]${what}`);
  if (!isObject(record)) throw wrong(" must be an object.");
  for (const field of ["inputs", "expectations", "tags", "source"] as const) {
    const value = record[field];
    if (value !== undefined && value !== null && !isObject(value))
      throw wrong(`.${field} must be an object.`);
  }
  if (!allFinite(record)) throw wrong(" holds a number that is beyond a double.");
}

const allFinite = (value: Json): boolean =>
  typeof value === "number"
    ? Number.isFinite(value)
    : typeof value !== "object" || value === null || Object.values(value).every(allFinite);

function roundsOf(records: readonly JsonObject[], text: string): readonly Round[] {
  const seen = new Map<string, number>();
  const rounds: number[][] = [];
  records.forEach(({ inputs }, i) => {
    const key = canonicalJson(inputs ?? {});
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    if (rounds[round] === undefined) rounds[round] = [i];
    else rounds[round].push(i);
  });
  if (rounds.length < 2) return [{ text, count: records.length }];
  const each = elementTexts(text);
  return rounds.map((places) => ({
    text: `[${places.map((i) => each[i]).join()}]`,
    count: places.length,
  }));
}

/** The elements of a list in JSON, as they are written. */
function elementTexts(list: string): string[] {
  const found: string[] = [];
  let [depth, from] = [0, 0];
  for (let i = 0; i < list.length; i++) {
    const c = list[i];
    if (c === '"') {
      for (i++; list[i] !== '"'; i++) if (list[i] === "\\") i++;
    } else if (c === "[" || c === "{") {
      if (depth++ === 0) from = i + 1;
    } else {
      if (c === "]" || c === "}") depth--;
      if ((c === "," && depth === 1) || (c === "]" && depth === 0)) {
        found.push(list.slice(from, i));
        from = i + 1;
      }
    }
  }
  return found;
}

function schemaOf(known: RecordSchema | undefined, records: readonly JsonObject[]): RecordSchema {
  const [inputs, expectations] = [new Map<string, string>(), new Map<string, string>()];
  const fields = new Map<string, string>();
  let single: string | undefined;
  for (const record of records) {
    addTypes(inputs, record.inputs);
    addTypes(expectations, record.expectations);
    const { outputs } = record;
    if (isObject(outputs)) addTypes(fields, outputs);
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
  if (!isObject(fields)) return;
  for (const [key, value] of Object.entries(fields))
    if (!types.has(key)) types.set(key, typeOf(value));
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  return Array.isArray(value) ? "array" : typeof value;
}
