import { utf8ToBytes } from "@noble/hashes/utils.js";
import { MillwrightError } from "../../errors.ts";

/** Characters of one name, UTF-8 bytes of a whole path. */
const MAX_NAME = 1000;
const MAX_PATH = 8000;
/** More layers of percent-encoding than this are an attack. */
const MAX_DECODINGS = 10;

/**
 * A path as it is kept: relative, `/` between names, none of them empty, `.` or `..`. Decoding is the caller's: what comes in is
 * taken as it is. But should it, decoded any number of times, lead elsewhere, it is refused, since somebody may decode it again.
 * "" and "." are the root.
 */
export function artifactPath(given: string): string {
  const names = namesOf(given);
  for (let text = given, layers = 0; text.includes("%"); layers++) {
    const decoded = decode(text);
    if (decoded === text) break;
    if (layers === MAX_DECODINGS) throw invalid();
    namesOf(decoded);
    text = decoded;
  }
  for (const name of names)
    if (name.length > MAX_NAME)
      throw tooLong(
        `A name may have ${MAX_NAME} characters, and "${name.slice(0, 40)}…" has ${name.length}.`,
      );
  const path = names.join("/");
  const { length } = utf8ToBytes(path);
  if (length > MAX_PATH)
    throw tooLong(`A path may have ${MAX_PATH} bytes, and "${path.slice(0, 40)}…" has ${length}.`);
  return path;
}

/** Throws where a path may not lead; no names for the root. */
function namesOf(path: string): string[] {
  // A lone surrogate would not come back as it went.
  const odd = path.includes("\\") || path.includes("\0") || !isWellFormed(path);
  if (odd || path.startsWith("/") || /^[A-Za-z]:(\/|$)/.test(path)) throw invalid();
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw invalid();
  return names;
}

/** Each part that is an encoding of UTF-8, so that one stray `%` does not hide the rest. */
const decode = (text: string): string =>
  text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run.replace(/%[0-7][0-9A-Fa-f]/g, decodeURIComponent);
    }
  });

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** The words of MLflow, which its clients and tests know. */
const invalid = (): MillwrightError => new MillwrightError("invalid_input", "Invalid path");

const tooLong = (message: string): MillwrightError =>
  new MillwrightError("invalid_input", `Invalid path: ${message}`);

/** Of `3/run/artifacts`: `3/run`, of `3`: "". */
export const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0));

export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export const joinPath = (...parts: readonly string[]): string =>
  parts.filter((part) => part !== "").join("/");

/** `3/run`, `3` of `3/run/model`: the folders it lies in, the inner ones first, without the root. */
export function foldersAbove(path: string): string[] {
  const folder = folderOf(path);
  return folder === "" ? [] : [folder, ...foldersAbove(folder)];
}

export const isFolder = (path: string): MillwrightError =>
  new MillwrightError(
    "invalid_input",
    `'${path.slice(0, 200)}' is a folder: a file needs another name, or the folder has to be deleted first.`,
  );

export const isFile = (path: string): MillwrightError =>
  new MillwrightError(
    "invalid_input",
    `'${path.slice(0, 200)}' is a file: nothing can be put below it. Choose another folder, or delete the file first.`,
  );
