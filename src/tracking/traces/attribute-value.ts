import type { Json } from "../../lib/json.ts";

/**
 * A value of OpenTelemetry (AnyValue) as JSON, with nothing lost: texts, truth values, lists and maps are themselves, numbers are
 * integers within 2^53 or fractions. What JSON has no room for is an object with one key:
 * `~int` (digits), `~double` (an integral double, or NaN, Infinity, -Infinity), `~bytes` (base64), and `~map` (pairs) around a map
 * that looks like one of these.
 */
export type AttributeValue = Json;

export type Attributes = Readonly<Record<string, AttributeValue>>;

export const ofInteger = (value: bigint): AttributeValue =>
  value >= -9007199254740991n && value <= 9007199254740991n
    ? Number(value)
    : { "~int": value.toString() };

export const ofDouble = (value: number): AttributeValue =>
  Number.isFinite(value) && !Number.isInteger(value)
    ? value
    : { "~double": Object.is(value, -0) ? "-0" : String(value) };

export function ofMap(pairs: readonly (readonly [string, AttributeValue])[]): AttributeValue {
  const map = Object.fromEntries(pairs);
  const keys = Object.keys(map);
  return keys.length === 1 && keys[0]!.startsWith("~") ? { "~map": Object.entries(map) } : map;
}

type Special =
  | { readonly kind: "int" | "double" | "bytes"; readonly text: string }
  | { readonly kind: "map"; readonly pairs: readonly (readonly [string, AttributeValue])[] };

/** What a stored object means: one of the special forms, or a map. */
function meaning(value: { readonly [key: string]: Json }): Special {
  const pairs = Object.entries(value);
  const [key, content] = pairs.length === 1 ? pairs[0]! : ["", null];
  if (key === "~map") return { kind: "map", pairs: content as [string, Json][] };
  if (key === "~int" || key === "~double" || key === "~bytes")
    return { kind: key.slice(1) as "int", text: content as string };
  return { kind: "map", pairs };
}

/** AnyValue in the JSON of protobuf with its field names; integers as digits, however long. */
export function wireValue(value: AttributeValue): string {
  if (value === null) return "{}";
  if (typeof value === "string") return `{"string_value":${JSON.stringify(value)}}`;
  if (typeof value === "boolean") return `{"bool_value":${value}}`;
  if (typeof value === "number")
    return Number.isInteger(value) ? `{"int_value":${value}}` : `{"double_value":${value}}`;
  if (Array.isArray(value)) return `{"array_value":{"values":[${value.map(wireValue).join(",")}]}}`;
  const special = meaning(value as { readonly [key: string]: Json });
  if (special.kind === "map") return `{"kvlist_value":{"values":[${wirePairs(special.pairs)}]}}`;
  if (special.kind === "int") return `{"int_value":${special.text}}`;
  if (special.kind === "bytes") return `{"bytes_value":${JSON.stringify(special.text)}}`;
  return `{"double_value":${/^-?\d/.test(special.text) ? special.text : `"${special.text}"`}}`;
}

const wirePairs = (pairs: readonly (readonly [string, AttributeValue])[]): string =>
  pairs.map(([key, value]) => `{"key":${JSON.stringify(key)},"value":${wireValue(value)}}`).join();

export const wireAttributes = (attributes: Attributes): string =>
  `[${wirePairs(Object.entries(attributes))}]`;

/** The value as Python's `json.dumps(value, ensure_ascii=False)` writes it: the form in which MLflow's files keep attributes. */
export function pythonJson(value: AttributeValue): string {
  if (value === null) return "null";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  const special = meaning(value as { readonly [key: string]: Json });
  if (special.kind === "map") return pythonMap(special.pairs);
  if (special.kind === "int") return special.text;
  if (special.kind === "bytes") return JSON.stringify(special.text);
  return /^-?\d+$/.test(special.text) ? `${special.text}.0` : special.text;
}

export const pythonMap = (pairs: readonly (readonly [string, AttributeValue])[]): string =>
  `{${pairs.map(([key, value]) => `${JSON.stringify(key)}: ${pythonJson(value)}`).join(", ")}}`;

/** As plain JSON, as near as it comes: for previews and sums. */
export function plainJson(value: AttributeValue): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plainJson);
  const special = meaning(value as { readonly [key: string]: Json });
  if (special.kind === "map")
    return Object.fromEntries(special.pairs.map(([key, item]) => [key, plainJson(item)]));
  if (special.kind === "bytes") return special.text;
  const number = Number(special.text);
  return Number.isFinite(number) ? number : special.text;
}
