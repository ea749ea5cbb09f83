import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { MillwrightError } from "../../errors.ts";
import type { SourceRequest } from "./columns.ts";

export interface FoundFile {
  readonly uri: string;
  readonly path: string;
}

/** The files a source names, sorted by name so that a glob always means the same rows in the same order. */
export async function findFiles({ uri, folder }: SourceRequest): Promise<FoundFile[]> {
  if (uri === "" || uri.includes("\0"))
    throw new MillwrightError("invalid_input", `source ${JSON.stringify(uri)} is not a file name`);
  if (/^[a-z][a-z0-9+]+:\/\//i.test(uri))
    throw new MillwrightError(
      "unsupported",
      `source '${uri}' is a URL; only local files are read: download it first`,
    );
  const path = resolve(folder, uri);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return [{ uri: uriOf(folder, path), path }];
  if (found?.isDirectory())
    throw new MillwrightError(
      "invalid_input",
      `source '${uri}' is a folder; name the files in it, for example '${join(uri, "*.csv")}'`,
    );
  if (found) throw new MillwrightError("invalid_input", `source '${uri}' is not a regular file`);
  if (!/[*?]/.test(uri))
    throw new MillwrightError("not_found", `source '${uri}' does not exist (looked in ${folder})`);

  const start = resolve(folder, uri.slice(0, uri.search(/[*?]/)).replace(/[^/\\]*$/, ""));
  const pattern = globPattern(isAbsolute(uri) ? uri : relative(start, path));
  const names = await readdir(start, { recursive: pattern.deep, withFileTypes: true }).catch(
    () => [],
  );
  const matches = names
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => pattern.test.test(slashes(isAbsolute(uri) ? file : relative(start, file))))
    .sort((a, b) => (a < b ? -1 : 1));
  if (matches.length === 0)
    throw new MillwrightError("not_found", `source '${uri}' matches no file (looked in ${folder})`);
  return matches.map((file) => ({ uri: uriOf(folder, file), path: file }));
}

/** `*` and `?` stay inside one folder, `**` crosses folders; everything else is literal. */
function globPattern(glob: string): { test: RegExp; deep: boolean } {
  const source = slashes(glob).replace(/\*\*\/|\*\*|\*|\?|[^*?]+/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
  });
  return { test: new RegExp(`^${source}$`, "su"), deep: slashes(glob).includes("/") };
}

const slashes = (path: string) => (sep === "\\" ? path.replaceAll("\\", "/") : path);
const uriOf = (folder: string, path: string) => slashes(relative(folder, path));
