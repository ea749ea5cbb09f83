import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MillwrightError } from "../errors.ts";

/**
 * Fills a file in the folder `temporary`, syncs it, moves it to where `place` says, and syncs that folder: it is wholly there or not
 * at all, and once this resolves it is on disk. When anything fails nothing is left. `temporary` is made when it is missing, and must
 * be on the same disk.
 */
export async function keepFile<T>(
  temporary: string,
  fill: (file: FileHandle) => Promise<T>,
  place: (made: T) => string | Promise<string>,
): Promise<T> {
  const half = join(temporary, randomBytes(12).toString("hex"));
  try {
    await mkdir(temporary, { recursive: true });
    const file = await open(half, "wx", 0o444);
    let made: T;
    try {
      made = await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    const at = await place(made);
    const first = await mkdir(dirname(at), { recursive: true });
    await rename(half, at);
    await syncFolder(dirname(at));
    // Folders that were made are entered in those above.
    if (first !== undefined)
      for (let folder = dirname(at); folder.length >= first.length; ) {
        folder = dirname(folder);
        await syncFolder(folder);
      }
    return made;
  } catch (error) {
    await rm(half, { force: true }).catch(() => {});
    throw storageError(error, temporary);
  }
}

/** Removes what processes that died left in such a folder, and has not grown since `before` (milliseconds since 1970). */
export async function sweepHalves(temporary: string, before: number): Promise<void> {
  for (const name of await readdir(temporary).catch(() => [])) {
    const half = join(temporary, name);
    const about = await stat(half).catch(() => undefined);
    if (about?.isFile() && about.mtimeMs < before) await rm(half, { force: true });
  }
}

/** Appends the content as it comes, and asks for more when the disk has taken what came. */
export async function fillFrom(
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  seen: (chunk: Uint8Array) => void,
): Promise<void> {
  for await (const chunk of content) {
    seen(chunk);
    for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten;
  }
}

export const isAbsent = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === "ENOENT";

/** Makes a rename durable. Windows cannot open folders, and does not need to. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A full disk and a folder that cannot be written, in words; any other error as it is. */
function storageError(error: unknown, folder: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new MillwrightError(
      "storage_full",
      `The disk of ${folder} is full. Free some space, then try again.`,
      { cause: error },
    );
  if (code === "EACCES" || code === "EROFS")
    return new MillwrightError("unavailable", `${folder} cannot be written: ${message}.`, {
      cause: error,
    });
  return error;
}
