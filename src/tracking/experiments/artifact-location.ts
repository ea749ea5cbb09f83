import { invalidParameter } from "../mlflow/errors.ts";

const LENGTH = 2048;

/** Where experiments keep their artifacts unless told otherwise: with this server. */
export const ARTIFACT_ROOT = "mlflow-artifacts:/";

/** A URI or path and what lies below it: `mlflow-artifacts:/` and `3` → `mlflow-artifacts:/3`. */
export const below = (location: string, ...segments: readonly string[]): string =>
  [location.replace(/\/+$/, ""), ...segments].join("/");

/**
 * Where a caller wants an experiment's artifacts. A relative path is meant from the server's folder, as MLflow has it.
 * @param folder absolute, with slashes. Throws INVALID_PARAMETER_VALUE for what no artifact could be kept under.
 */
export function givenLocation(given: string, folder: string): string {
  // First: what is encoded a million times over would take hours to decode.
  checkLength(given);
  if (/[#?;]/.test(given))
    throw invalidParameter(
      `'artifact_location' URL can't include fragments or params. Got '${given.slice(0, 200)}'; leave out '#', '?' and ';'.`,
    );
  if (given.startsWith("runs:"))
    throw invalidParameter(
      `Artifact location cannot be a runs:/ URI. Given: '${given.slice(0, 200)}'`,
    );
  if (decoded(given).split(/[/\\]/).includes(".."))
    throw invalidParameter(
      `Invalid value ${JSON.stringify(given.slice(0, 200))} for parameter 'artifact_location' supplied: It must not contain '..'.`,
    );
  const location = resolved(given, folder);
  checkLength(location);
  return location;
}

function checkLength(location: string): void {
  if (location.length > LENGTH)
    throw invalidParameter(
      `Invalid artifact path length. The length of the artifact path cannot be greater than ${LENGTH} characters.`,
    );
}

function resolved(given: string, folder: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(given);
  if (scheme === null) return isAbsolute(given) ? given : local(folder, given);
  const [, name = "", rest = ""] = scheme;
  if (name.toLowerCase() !== "file" || rest.startsWith("/")) return given;
  return `file://${below(folder, rest)}`;
}

const isAbsolute = (path: string): boolean => path.startsWith("/") || /^[a-z]:[/\\]/i.test(path);

/** Windows has no paths that are URIs, too. */
const local = (folder: string, path: string): string =>
  folder.startsWith("/")
    ? below(folder, path.replace(/^\.\//, ""))
    : `file:///${below(folder, path)}`;

function decoded(text: string): string {
  try {
    const once = decodeURIComponent(text);
    return once === text ? text : decoded(once);
  } catch {
    return text;
  }
}
