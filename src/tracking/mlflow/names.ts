import { invalidParameter } from "./errors.ts";

/** Keys of metrics, params and tags may become paths of files: only these characters, and only in a path's normal form. */
const KEY = /^[/\p{L}\p{M}\p{N}_.\- :]*$/u;

export const KEY_LENGTH = 250;

/** @param path of the field in the request, for the message: `params[0].key`. */
export function checkKey(path: string, name: string): void {
  if (!KEY.test(name))
    throw invalidValue(
      path,
      name,
      "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
    );
  const normal = normalPath(name);
  if (normal !== name || name === "." || name.startsWith("..") || name.startsWith("/"))
    throw invalidValue(
      path,
      name,
      `Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${normal}'`,
    );
}

/** Throws beyond so many characters. @param what the message begins with it: `key`, `Metric name`. */
export function checkLength(what: string, limit: number, value: string): void {
  if (lengthOf(value, limit) > limit)
    throw invalidParameter(`'${what}' exceeds the maximum length of ${limit} characters`);
}

/** The first so many characters: what MLflow does with long values of params and tags. */
export const truncated = (value: string, limit: number): string =>
  lengthOf(value, limit) > limit
    ? Array.from(value.slice(0, 2 * limit))
        .slice(0, limit)
        .join("")
    : value;

/** In characters, as Python counts them, not in units of UTF-16; only exact beyond the limit. */
const lengthOf = (value: string, limit: number): number =>
  value.length <= limit
    ? value.length
    : value.length > 2 * limit
      ? value.length
      : Array.from(value).length;

const invalidValue = (path: string, value: string, why: string) =>
  invalidParameter(
    `Invalid value ${JSON.stringify(value.slice(0, 500))} for parameter '${path}' supplied: ${why}`,
  );

/** As POSIX has it: no empty segments, no `.`, no `..` that can be resolved. */
function normalPath(name: string): string {
  const root =
    name.startsWith("//") && !name.startsWith("///") ? "//" : name.startsWith("/") ? "/" : "";
  const kept: string[] = [];
  for (const segment of name.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") kept.push(segment);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (root === "") kept.push(segment);
  }
  return `${root}${kept.join("/")}` || ".";
}
