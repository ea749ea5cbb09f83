import { z } from "zod";
import { invalidParameter } from "./errors.ts";
import { numberTextAt } from "./number-text.ts";

/**
 * Fields as MLflow's clients send them: JSON of protobuf, or text in a query. Integers may be decimal text, doubles may be "NaN",
 * "Infinity" and "-Infinity"; unknown fields are ignored, `null` is absence.
 */
export const absent = <T extends z.ZodType>(type: T) =>
  z.preprocess((value) => (value === null ? undefined : value), type.optional());

/**
 * Required texts may be empty where MLflow allows it; `text(1)` may not. PostgreSQL keeps no character of code 0, and half of a
 * character would not come back as it went.
 */
export const text = (min = 0) =>
  z
    .string()
    .min(min)
    .refine((value) => !value.includes("\0"), "It holds a character of code 0; leave it out.")
    .refine((value) => value.isWellFormed(), "It holds half of a character (a lone surrogate).");

/** A tag or param; without a value it is empty. */
export const PAIR_FIELDS = {
  key: text(1),
  value: absent(text()).transform((value) => value ?? ""),
};

/** int32 or int64. Beyond 2^53 it could not come back as it went. */
export const integer = () =>
  z.preprocess(
    (value) =>
      typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value,
    z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER),
  );

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  nan: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  inf: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

export const double = () =>
  z.preprocess(
    (value) => {
      if (typeof value !== "string") return value;
      return (
        SPECIAL[value] ??
        (value.trim() === "" ? value : Number.isNaN(Number(value)) ? value : Number(value))
      );
    },
    z.custom<number>((value) => typeof value === "number"),
  );

export const boolean = () =>
  z.preprocess(
    (value) =>
      typeof value === "string"
        ? ({ true: true, false: false }[value.toLowerCase()] ?? value)
        : value,
    z.boolean(),
  );

const LISTS = new WeakSet<z.ZodType>();

/** Absent = empty. */
export const list = <T extends z.ZodType>(of: T) => {
  const type = z.preprocess((value) => value ?? [], z.array(of));
  LISTS.add(type);
  return type;
};

/** A query as fields: where one is a list, a value given once is a list of one. */
export function queryFields(
  type: z.ZodObject,
  query: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...query };
  for (const [name, field] of Object.entries(type.shape))
    if (typeof fields[name] === "string" && LISTS.has(field as z.ZodType))
      fields[name] = [fields[name]];
  return fields;
}

/** By name, or by number as protobuf has it. */
export const choice = <const T extends readonly string[]>(
  names: T,
  numbers: Readonly<Record<number, T[number]>>,
) =>
  z.preprocess(
    (value) =>
      typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value))
        ? (numbers[Number(value)] ?? value)
        : value,
    z.enum(names),
  );

/**
 * Reads what a caller sent, or throws INVALID_PARAMETER_VALUE in MLflow's words.
 * @param body the JSON text it came in: messages repeat numbers as they were written (9.0, which Python calls a float).
 */
export function readFields<T extends z.ZodType>(
  type: T,
  given: unknown,
  body?: () => string,
): z.output<T> {
  const read = type.safeParse(given);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  const path = pathText(issue.path);
  const value = valueAt(given, issue.path);
  if (value === undefined || value === null || (value === "" && issue.code === "too_small"))
    throw missingParameter(path);
  if (issue.code === "custom" && issue.message !== "Invalid input")
    throw invalidParameter(
      `Invalid value ${shown(value)} for parameter '${path}' supplied: ${issue.message} ${SEE}`,
    );
  const written =
    typeof value === "number" && body !== undefined ? numberTextAt(body(), issue.path) : undefined;
  const hint = written !== undefined && /[.eE]/.test(written) ? "float" : pythonType(value);
  throw invalidParameter(
    `Invalid value ${written ?? shown(value)} for parameter '${path}' supplied: Hint: Value was of type '${hint}'. ${SEE}`,
  );
}

const SEE = "See the API docs for more information about request parameters.";

export const missingParameter = (path: string): Error =>
  invalidParameter(`Missing value for required parameter '${path}'. ${SEE}`);

/** `metrics[0].timestamp`. */
const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === "number"
        ? `${text}[${key}]`
        : text === ""
          ? String(key)
          : `${text}.${String(key)}`,
    "",
  );

const valueAt = (given: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key],
    given,
  );

/** Shortened. What is nested too deep to be written is not shown. */
function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    return "(nested too deep to show)";
  }
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

/** Of the value, had Python read the JSON: MLflow's message says it so. */
export function pythonType(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return Array.isArray(value) ? "list" : "dict";
}

/** A number for an answer: JSON has no NaN. */
export const wireDouble = (value: number): number | string =>
  Number.isFinite(value)
    ? value
    : Number.isNaN(value)
      ? "NaN"
      : value > 0
        ? "Infinity"
        : "-Infinity";
