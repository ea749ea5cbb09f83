import { constants, type Dirent } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rm, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { MillwrightError } from "../../errors.ts";
import type { Blobs } from "../blobs/blobs.ts";
import { fillFrom, isAbsent, keepFile, sweepHalves } from "../keep-file.ts";
import { artifactPath, folderOf, foldersAbove, isFile, isFolder, nameOf } from "./artifact-path.ts";
import type { ArtifactEntry, Artifacts, Removed } from "./artifacts.ts";
import { openHandle } from "./open-handle.ts";

/** Where files are until they are whole. */
const HALVES = ".millwright-uploads";

/**
 * Files in a plain folder, which others may look into and write to. What a symbolic link names is there when it lies in the folder
 * too, and is not when it lies elsewhere. No name may have more than 255 bytes.
 */
export function folderArtifacts(folder: string): Artifacts & Pick<Blobs, "tidy"> {
  const root = resolve(folder);

  /** The path of what is there, links resolved; undefined when it is not, or not in the folder. */
  const locate = async (path: string): Promise<string | undefined> => {
    if (path.split("/", 1)[0] === HALVES) return undefined;
    try {
      const top = await realpath(root);
      const at = await realpath(join(root, path));
      return at === top || at.startsWith(top.endsWith(sep) ? top : top + sep) ? at : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };

  /** Where a file may be put: links resolved as far as there is something. */
  const place = async (path: string): Promise<string> => {
    await mkdir(root, { recursive: true });
    const missing = [nameOf(path)];
    for (const above of [...foldersAbove(path), ""]) {
      if (await lstat(join(root, above)).catch(() => undefined)) {
        const inside = await locate(above);
        if (inside === undefined) throw leadsOut(path);
        if (!(await stat(inside)).isDirectory()) throw isFile(above);
        const at = join(inside, ...missing);
        if ((await lstat(at).catch(() => undefined))?.isDirectory()) throw isFolder(path);
        return at;
      }
      missing.unshift(nameOf(above));
    }
    throw new MillwrightError("unavailable", "The folder of artifacts is being removed.");
  };

  const entry = async (within: string, found: Dirent): Promise<ArtifactEntry | undefined> => {
    const at = await locate(within === "" ? found.name : `${within}/${found.name}`);
    const about = at === undefined ? undefined : await stat(at).catch(() => undefined);
    if (about?.isDirectory()) return { name: found.name, bytes: undefined };
    return about?.isFile() ? { name: found.name, bytes: about.size } : undefined;
  };

  const self: ReturnType<typeof folderArtifacts> = {
    async write(given, content) {
      const path = filePath(given);
      try {
        // Before a gigabyte has come, and again when it is moved there.
        await place(path);
        let bytes = 0;
        await keepFile(
          join(root, HALVES),
          async (file) => {
            await fillFrom(file, content, (chunk) => {
              bytes += chunk.length;
            });
            // As a program of the person who owns the folder would have made it.
            await file.chmod(0o666 & ~process.umask());
          },
          () => place(path),
        );
        return bytes;
      } catch (error) {
        throw inWords(error, path);
      }
    },

    async open(given) {
      const at = await locate(artifactPath(given));
      if (at === undefined) return undefined;
      try {
        // Somebody may have put a link in its place just now, or a pipe that nobody writes to.
        const file = await open(
          at,
          constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
        );
        const about = await file.stat();
        if (about.isFile()) return openHandle(file, about.size);
        await file.close();
        return undefined;
      } catch (error) {
        if (isMissing(error) || (error as NodeJS.ErrnoException).code === "ELOOP") return undefined;
        throw error;
      }
    },

    async list(given, { after, limit } = {}) {
      const path = artifactPath(given);
      const at = await locate(path);
      if (at === undefined || !(await stat(at)).isDirectory()) return [];
      const found = (await readdir(at, { withFileTypes: true })).sort(byBytes);
      const entries: ArtifactEntry[] = [];
      for (const file of found) {
        if (entries.length === limit) break;
        if (after !== undefined && compare(file.name, after) <= 0) continue;
        const made = await entry(path, file);
        if (made) entries.push(made);
      }
      return entries;
    },

    async remove(given) {
      const path = filePath(given);
      const inside = await locate(folderOf(path));
      if (inside === undefined) return NOTHING;
      const gone = await self.measure(path);
      // Of a link, the link: what it names is somebody's own.
      await rm(join(inside, nameOf(path)), { recursive: true, force: true }).catch((error) => {
        if (!isMissing(error)) throw error;
      });
      return gone;
    },

    async measure(given) {
      const path = artifactPath(given);
      const inside = await locate(folderOf(path));
      return inside === undefined ? NOTHING : weigh(join(inside, nameOf(path)));
    },

    tidy: (before) => sweepHalves(join(root, HALVES), before),
  };
  return self;
}

const NOTHING: Removed = { files: 0, bytes: 0 };

/** Links count as nothing. */
async function weigh(at: string): Promise<Removed> {
  const about = await lstat(at).catch(() => undefined);
  if (about?.isFile()) return { files: 1, bytes: about.size };
  if (!about?.isDirectory()) return NOTHING;
  const total = { ...NOTHING };
  for (const name of await readdir(at).catch(() => [])) {
    if (name === HALVES) continue;
    const part = await weigh(join(at, name));
    total.files += part.files;
    total.bytes += part.bytes;
  }
  return total;
}

function filePath(given: string): string {
  const path = artifactPath(given);
  if (path === "")
    throw new MillwrightError("invalid_input", "A file needs a path; this one is empty.");
  if (path.split("/", 1)[0] === HALVES) throw leadsOut(path);
  return path;
}

const leadsOut = (path: string): MillwrightError =>
  new MillwrightError(
    "invalid_input",
    `Invalid path: '${path.slice(0, 200)}' is not in the folder of artifacts.`,
  );

function inWords(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENAMETOOLONG")
    return new MillwrightError(
      "invalid_input",
      `Invalid path: '${path.slice(0, 40)}…' has a name that is too long for a file (255 bytes).`,
      { cause: error },
    );
  if (code === "EISDIR" || code === "ENOTEMPTY") return isFolder(path);
  if (code === "ENOTDIR" || code === "EEXIST") return isFile(folderOf(path));
  return error;
}

/** Not there, or no folder on the way, or no name a file could have. */
const isMissing = (error: unknown): boolean =>
  isAbsent(error) ||
  ["ENOTDIR", "ENAMETOOLONG", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "");

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byBytes = (a: Dirent, b: Dirent): number => compare(a.name, b.name);
