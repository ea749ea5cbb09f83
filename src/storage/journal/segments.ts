import { mkdir, open, readdir, readFile, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MillwrightError } from "../../errors.ts";
import { decodeBatches } from "./frames.ts";
import type { Journals, Segment } from "./journals.ts";
import { isAlive, type Owner } from "./owner.ts";

export const OPEN = ".open";
export const CLOSED = ".ndjson";
export const OWNER = "owner.json";
/** A directory written on another machine counts as left behind when nothing in it changed for so long. */
const FOREIGN_SILENCE_MS = 10 * 60_000;

/** The journals under `root`, see `openJournal`. */
export const journalsIn = (root: string): Journals => ({
  list: () => listSegments(root, Date.now()),
  read: readSegment,
  remove: removeSegment,
});

/** @param nowMs only used for directories of other machines. */
export async function listSegments(root: string, nowMs: number): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const instance of await namesIn(root)) {
    const directory = join(root, instance);
    const files = (await namesIn(directory)).filter((f) => f.endsWith(OPEN) || f.endsWith(CLOSED));
    const anyOpen = files.some((f) => f.endsWith(OPEN));
    const abandoned = anyOpen && (await isAbandoned(directory, nowMs));
    for (const file of files)
      segments.push({
        id: `${instance}/${file.slice(0, file.indexOf("."))}`,
        path: join(directory, file),
        closed: file.endsWith(CLOSED) || abandoned,
      });
  }
  return segments;
}

/** A reader may have listed the file while it was open and find it closed. */
export async function readSegment(segment: Segment): Promise<readonly string[] | undefined> {
  const paths = [segment.path, segment.path.replace(/\.open$/, CLOSED)];
  for (const path of paths) {
    const file = await readFile(path).catch(ignoreAbsent);
    if (file !== undefined) return decodeBatches(file).lines;
  }
  return undefined;
}

export async function removeSegment(segment: Segment): Promise<void> {
  await rm(segment.path, { force: true });
  await removeIfLeft(join(segment.path, ".."));
}

/** Directories of ended processes that hold nothing (any more): one would be left by every start otherwise. */
export async function removeLeftovers(root: string): Promise<void> {
  for (const instance of await namesIn(root)) await removeIfLeft(join(root, instance));
}

async function removeIfLeft(directory: string): Promise<void> {
  const left = await namesIn(directory);
  if (left.some((name) => name !== OWNER)) return;
  const owner = await ownerOf(directory);
  if (owner === undefined || isAlive(owner) !== false) return;
  await rm(join(directory, OWNER), { force: true });
  await rmdir(directory).catch(() => undefined);
}

/** Makes names of new, renamed or deleted files in `directory` durable. Where directories cannot be opened there is nothing to do. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  await handle.sync().finally(() => handle.close());
}

export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw new MillwrightError(
      "invalid_config",
      `${directory} cannot be made: ${(cause as Error).message}. Choose a folder this process may write to.`,
      { cause },
    );
  }
}

async function isAbandoned(directory: string, nowMs: number): Promise<boolean> {
  const owner = await ownerOf(directory);
  // No owner file: the process died between making the directory and naming itself, before any segment existed.
  const alive = owner === undefined ? false : isAlive(owner);
  if (alive !== undefined) return !alive;
  for (const name of await namesIn(directory)) {
    const changed = await stat(join(directory, name)).catch(ignoreAbsent);
    if (changed !== undefined && nowMs - changed.mtimeMs < FOREIGN_SILENCE_MS) return false;
  }
  return true;
}

async function ownerOf(directory: string): Promise<Owner | undefined> {
  const text = await readFile(join(directory, OWNER), "utf8").catch(ignoreAbsent);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(ignoreAbsent);
  return names?.sort() ?? [];
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
