import { invalidParameter } from "../../tracking/mlflow/errors.ts";
import { PROMPT_TEXT_TAG } from "./registered-model.ts";

/** What names, keys and numbers of the registry may look like; all throw INVALID_PARAMETER_VALUE in MLflow's words. */

const LONGEST = { name: 256, alias: 255, key: 250, value: 100_000, run: 500 } as const;

export function checkModelName(name: string, field: "name" | "new_name" = "name"): void {
  if (name.trim() === "")
    throw invalidParameter(`Missing value for required parameter '${field}'.`);
  if (/[/:]/.test(name))
    throw invalidParameter(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  if (resolvesElsewhere(name)) throw invalidParameter(elsewhere(field, name));
  checkLength(field, name, LONGEST.name);
}

export function checkAlias(alias: string): void {
  if (!/^[\p{L}\p{N}_-]+$/u.test(alias))
    throw invalidParameter(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  checkLength("Registered model alias name", alias, LONGEST.alias);
}

/** Of an alias that is set: names that already mean something are not free. */
export function checkFreeAlias(alias: string): void {
  checkAlias(alias);
  if (alias.toLowerCase() === "latest")
    throw invalidParameter("'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) throw invalidParameter(`Version alias name '${alias}' is reserved.`);
}

export function checkTagKey(key: string): void {
  if (!/^[\p{L}\p{N}_/.\- :]*$/u.test(key))
    throw invalidParameter(
      `Invalid value ${JSON.stringify(key)} for parameter 'key' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    );
  if (resolvesElsewhere(key)) throw invalidParameter(elsewhere("key", key));
  checkLength("key", key, LONGEST.key);
}

export function checkTag({ key, value }: { readonly key: string; readonly value: string }): void {
  checkTagKey(key);
  if (key === PROMPT_TEXT_TAG && value.length > LONGEST.value)
    throw invalidParameter(`Prompt text exceeds max length of ${LONGEST.value} characters.`);
  checkLength("value", value, LONGEST.value);
}

/** A run need not be one of this server; but what is looked up by must fit into an index. */
export const checkRunId = (run: string): void => checkLength("run_id", run, LONGEST.run);

/** Versions come as text or number. One that no version can have is for the store to miss. */
export function versionNumber(given: string | number): number {
  const number = /^\s*[+-]?\d+\s*$/.test(String(given)) ? Number(given) : Number.NaN;
  if (Number.isInteger(number)) return Math.min(Math.max(number, -1), 2_147_483_647);
  throw invalidParameter(`Parameter 'version' must be an integer, got '${given}'.`);
}

function checkLength(what: string, value: string, limit: number): void {
  if ([...value].length > limit)
    throw invalidParameter(`'${what}' exceeds the maximum length of ${limit} characters`);
}

/** As a POSIX path it would be another one. */
const resolvesElsewhere = (name: string): boolean =>
  name.startsWith("/") ||
  name.startsWith("..") ||
  name.split("/").some((part) => part === "" || part === "." || part === "..");

const elsewhere = (field: string, name: string): string =>
  `Invalid value ${JSON.stringify(name)} for parameter '${field}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such.`;
