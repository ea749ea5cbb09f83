import { digestOfJson } from "../lib/digest.ts";
import type { Levels } from "./family.ts";

const LONGEST = 100;
const DIGITS = 8;

/**
 * The model name of a member: `<family>.<value>.<value>`, on a level above the finest `<family>.L1.<value>`. Values keep letters,
 * digits, `_` and `-`; where one had to be changed, or the name is too long, it ends with eight digits of a digest.
 */
export function memberName(family: string, level: number, values: readonly string[]): string {
  const words = values.map((value) => value.replace(/[^A-Za-z0-9_-]/g, "-") || "-");
  const plain =
    words.every((word, i) => word === values[i]) && !(level === 0 && /^L\d+$/.test(values[0]!));
  const name = [family, ...(level === 0 ? [] : [`L${level}`]), ...words].join(".");
  if (plain && name.length <= LONGEST) return name;
  return `${name.slice(0, LONGEST - DIGITS - 1)}.${digestOf(level, values)}`;
}

/** A digest costs some ten microseconds, and every row of a request or a chunk asks for the same few. */
const digests = new Map<string, string>();
const MOST_DIGESTS = 20_000;

function digestOf(level: number, values: readonly string[]): string {
  const key = JSON.stringify([level, ...values]);
  const known = digests.get(key);
  if (known !== undefined) return known;
  const digest = digestOfJson([level, ...values]).slice(-DIGITS);
  if (digests.size >= MOST_DIGESTS) digests.clear();
  digests.set(key, digest);
  return digest;
}

/** A value as part of a member's name; undefined where it is missing. Numbers and their text are the same. */
export function levelValue(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === "boolean" ? String(value) : undefined;
}

/** Names of the members a row belongs to, the finest level first; undefined where a value is missing. Without the global model. */
export function namesOf(
  family: string,
  levels: Levels,
  cellOf: (column: string) => unknown,
): (string | undefined)[] {
  return levels.map((columns, level) => {
    const values = columns.map((column) => levelValue(cellOf(column)));
    return values.includes(undefined) ? undefined : memberName(family, level, values as string[]);
  });
}
