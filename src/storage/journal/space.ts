import { stat, statfs } from "node:fs/promises";
import { listSegments } from "./segments.ts";

/** How much lies in the journals under a root, waiting to be shipped, and how much could. */
export interface JournalSpace {
  /** Of the disk, for this user. */
  readonly freeBytes: number;
  readonly diskBytes: number;
  readonly segments: number;
  readonly bytes: number;
  /** When the oldest closed segment was written last, milliseconds since 1970; undefined when there is none. */
  readonly oldestAt: number | undefined;
}

export async function journalSpace(root: string): Promise<JournalSpace> {
  const [disk, segments] = await Promise.all([statfs(root), listSegments(root, Date.now())]);
  let [bytes, oldestAt] = [0, undefined as number | undefined];
  for (const { path, closed } of segments) {
    // Shipped in this moment.
    const file = await stat(path).catch(() => undefined);
    if (file === undefined) continue;
    bytes += file.size;
    if (closed) oldestAt = Math.min(oldestAt ?? file.mtimeMs, file.mtimeMs);
  }
  return {
    freeBytes: disk.bavail * disk.bsize,
    diskBytes: disk.blocks * disk.bsize,
    segments: segments.length,
    bytes,
    oldestAt,
  };
}
