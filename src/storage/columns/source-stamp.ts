import { stat } from "node:fs/promises";
import { MillwrightError } from "../../errors.ts";
import type { SourceFile } from "./columns.ts";

/** Throws `conflict` when the file is not the one that was inspected: another size, another time of change, another inode. */
export async function unchanged({ uri, path, stamp }: SourceFile): Promise<void> {
  if ((await stampOf(path)) === stamp) return;
  throw new MillwrightError(
    "conflict",
    `source '${uri}' was changed or removed while it was read; nothing of it was used. Start again when nobody writes to it`,
  );
}

/** What changes whenever a file's bytes do. The time of the last change of the inode cannot be set back by a program. */
export async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}` : "gone";
}
