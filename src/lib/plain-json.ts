import { MillwrightError } from "../errors.ts";
import type { Json } from "./json.ts";

const DEEPEST = 200;

/**
 * The value as JSON keeps it, `undefined` as null. Throws `invalid_data` naming the place for what JSON would drop or change without a word
 * (a Date, a Map, NaN …), and when its text is longer than `most` characters.
 *
 * @param what what people call it: "the result of step 'fetch'"
 */
export function plainJson(value: unknown, what: string, most: number): Json {
  if (value === undefined) return null;
  const problem = problemOf(value, "", 0);
  if (problem !== undefined) throw new MillwrightError("invalid_data", `${what}: ${problem}`);
  const text = JSON.stringify(value);
  if (text.length > most)
    throw new MillwrightError(
      "invalid_data",
      `${what} is ${size(text.length)} of JSON; at most ${size(most)} are kept. Write it into a file and give back the file's name.`,
    );
  return JSON.parse(text) as Json;
}

function problemOf(value: unknown, at: string, depth: number): string | undefined {
  const place = at === "" ? "it" : at;
  if (depth > DEEPEST) return `${place} is nested deeper than ${DEEPEST}, or refers to itself`;
  if (value === null || typeof value === "boolean") return undefined;
  if (typeof value === "string") return textProblem(value, place);
  if (typeof value === "number")
    return Number.isFinite(value) ? undefined : `${place} is ${value}; JSON has no such number`;
  if (typeof value !== "object") return `${place} is ${named(typeof value)}, which is no JSON`;
  if (Array.isArray(value))
    return firstOf(
      value.entries(),
      (key) => `${at}[${key}]`,
      depth,
      (item) => item !== undefined,
    );
  if (value instanceof Date) return `${place} is a Date; give its toISOString() or getTime()`;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm have another Object.prototype, which has none either.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    return `${place} is ${named(value.constructor?.name ?? "object")}, which is no JSON; give a plain object, a list, a text or a number`;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return firstOf(
    fields,
    (key) => (at === "" ? String(key) : `${at}.${key}`),
    depth,
    () => true,
  );
}

/** What PostgreSQL's jsonb refuses. */
function textProblem(text: string, place: string): string | undefined {
  if (text.includes("\0")) return `${place} has the character U+0000, which no database keeps`;
  return text.isWellFormed() ? undefined : `${place} has half a character (a lone surrogate)`;
}

function firstOf(
  items: Iterable<[string | number, unknown]>,
  placeOf: (key: string | number) => string,
  depth: number,
  isThere: (item: unknown) => boolean,
): string | undefined {
  for (const [key, item] of items) {
    if (!isThere(item))
      return `${placeOf(key)} is undefined; lists have null for what is not there`;
    const problem = problemOf(item, placeOf(key), depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const named = (type: string): string => `${/^[aeiou]/i.test(type) ? "an" : "a"} ${type}`;

const size = (characters: number): string =>
  characters < 10_000 ? `${characters} characters` : `${(characters / 2 ** 20).toFixed(1)} MiB`;
