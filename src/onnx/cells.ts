import type { Json } from "../lib/json.ts";
import { parseNumber } from "../table/cast.ts";
import { isMissingText } from "../table/cell.ts";
import type { GraphInput, GraphType } from "./signature.ts";
import { type Filling, type GraphTensor, holds, numberAt, rangeInWords } from "./tensor.ts";

/** Values as people write them in JSON, as values of a graph's tensors, and back. */

/**
 * Sets one value; answers what it should be when it is something else. Missing (null, absent, "", "NA" …) is NaN for floats,
 * "" for text, nothing that whole numbers have. A key that a map did not have is 0.
 */
export function setCell(
  into: Filling,
  at: number,
  value: Json | undefined,
  { type, keys }: Pick<GraphInput, "type" | "keys">,
): string | undefined {
  if (type === "string") return setText(into, at, value);
  if (typeof value === "number" && holds(type, value) && Number.isFinite(value)) {
    into.set(at, value);
    return undefined;
  }
  if (isMissing(value)) {
    if (keys) return undefined;
    if (!type.startsWith("float")) return `${rangeInWords(type)}, and not missing`;
    into.set(at, Number.NaN);
    return undefined;
  }
  const exact =
    typeof value === "string" && /^-?\d{16,20}$/.test(value) ? BigInt(value) : undefined;
  if (exact !== undefined && fits64(type, exact)) {
    into.set(at, exact);
    return undefined;
  }
  const number = typeof value === "boolean" ? Number(value) : textNumber(value);
  if (number === undefined || !Number.isFinite(number) || !holds(type, number))
    return rangeInWords(type);
  into.set(at, number);
  return undefined;
}

function setText(into: Filling, at: number, value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "object") return "text, a number, true or false";
  into.set(at, String(value));
  return undefined;
}

const isMissing = (value: Json | undefined): boolean =>
  value === undefined || value === null || (typeof value === "string" && isMissingText(value));

const textNumber = (value: Json | undefined): number | undefined =>
  typeof value === "string" ? parseNumber(value) : undefined;

const fits64 = (type: GraphType, value: bigint): boolean =>
  type === "int64"
    ? BigInt.asIntN(64, value) === value
    : type === "uint64" && BigInt.asUintN(64, value) === value;

/** Shape of a nested list by its first elements; a single value has none. */
export function shapeOfList(value: Json | undefined): number[] {
  const shape: number[] = [];
  for (let inner = value; Array.isArray(inner) && shape.length < 32; inner = inner[0])
    shape.push(inner.length);
  return shape;
}

/** Sets a nested list of exactly `shape` from `at` on; a flat list of as many values does as well. Answers what it should be. */
export function setList(
  into: Filling,
  at: number,
  value: Json | undefined,
  shape: readonly number[],
  input: Pick<GraphInput, "type">,
): string | undefined {
  const size = shape.reduce((product, d) => product * d, 1);
  let next = at;
  const set = (cell: Json): string | undefined => setCell(into, next++, cell, input);
  const walk = (list: Json | undefined, axis: number): string | undefined => {
    if (axis === shape.length) return set(list as Json);
    if (!Array.isArray(list) || list.length !== shape[axis]) return listInWords(shape);
    for (const inner of list) {
      const wrong = walk(inner, axis + 1);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
  const flat =
    shape.length > 1 && Array.isArray(value) && value.length === size && !Array.isArray(value[0]);
  if (!flat) return walk(value, 0);
  for (const cell of value as readonly Json[]) {
    const wrong = set(cell);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

export const listInWords = (shape: readonly (number | null)[]): string =>
  shape.length === 0
    ? "a single value"
    : `a nested list of shape [${shape.map((d) => d ?? "any").join(", ")}]`;

/**
 * One row of an output as JSON: a single value for [N] and [N,1], else nested lists, with keys an object. Infinite and NaN are
 * null; whole numbers beyond 2^53 are texts.
 */
export function rowValue(row: GraphTensor, keys: readonly (string | number)[] | undefined): Json {
  const shape = row.dims.slice(1);
  let next = 0;
  const cell = (): Json => {
    const at = next++;
    const value = row.data[at]!;
    if (typeof value === "string") return value;
    if (row.type === "bool") return value === 1;
    if (typeof value === "bigint" && !Number.isSafeInteger(Number(value))) return String(value);
    const number = numberAt(row, at);
    return Number.isFinite(number) ? number : null;
  };
  const build = (axis: number): Json =>
    axis === shape.length ? cell() : Array.from({ length: shape[axis]! }, () => build(axis + 1));
  if (keys && row.data.length === keys.length)
    return Object.fromEntries(keys.map((key) => [String(key), cell()]));
  return shape.length === 1 && shape[0] === 1 ? cell() : build(0);
}
