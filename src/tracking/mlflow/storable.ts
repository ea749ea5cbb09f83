import type { Json } from "../../lib/json.ts";
import { invalidParameter } from "./errors.ts";

export type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** PostgreSQL's texts have no U+0000, its JSON no half of a surrogate pair: both become U+FFFD. */
export const storable = (text: string): string => {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes("\0") ? whole.replaceAll("\0", "\ufffd") : whole;
};

/** Lists and objects within each other: many more, and a stack would overflow, ours or PostgreSQL's. */
const DEPTH = 500;

/** The same for every text within. Throws INVALID_PARAMETER_VALUE for what is nested too deep. */
export function storableJson(value: Json, depth = 0): Json {
  if (typeof value === "string") return storable(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth === DEPTH)
    throw invalidParameter(`A JSON value is nested more than ${DEPTH} deep; flatten it.`);
  if (Array.isArray(value)) return value.map((item) => storableJson(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), storableJson(item, depth + 1)]),
  );
}

/** A field that is JSON text. Throws INVALID_PARAMETER_VALUE. */
export function parsedJson(field: string, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw invalidParameter(`${field} is not JSON: ${(cause as Error).message.slice(0, 200)}`);
  }
}
