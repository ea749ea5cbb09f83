import type { Digest } from "../../lib/digest.ts";
import type { Blobs } from "../blobs/blobs.ts";
import type { Sql } from "../sql/sql.ts";
import { digestsInBlobs, digestsInTables } from "./named-digests.ts";

export interface Orphans {
  readonly blobs: number;
  /** Named by nobody; with those that are too young to go. */
  readonly unnamed: number;
  readonly removed: number;
}

/**
 * Removes blobs that nothing names: what a step had put when its process died before it told anybody. Marks, then sweeps:
 *
 *     list ─▶ marks in tables ─▶ marks in documents that are marked ─▶ delete the rest, unless put since `before`
 *
 * Listed first, so that what is put and named meanwhile is not looked at. `before` must lie further back than any step may take
 * between putting a blob and being journaled.
 */
export async function collectOrphans(
  { sql, blobs }: { readonly sql: Sql; readonly blobs: Blobs },
  input: { readonly schemas: readonly string[]; readonly before: number; readonly dryRun: boolean },
): Promise<Orphans> {
  const all = new Set<Digest>();
  for await (const digest of blobs.list()) all.add(digest);
  const inTables = await digestsInTables(sql, input.schemas);
  const first = [...all].filter((digest) => !inTables.has(digest));
  // Documents are only read when there is somebody they might name.
  const marked = first.length === 0 ? all : await digestsInBlobs(blobs, inTables, all);
  const unnamed = first.filter((digest) => !marked.has(digest));
  let removed = 0;
  if (!input.dryRun)
    for (const digest of unnamed) if (await blobs.deleteOld(digest, input.before)) removed++;
  return { blobs: all.size, unnamed: unnamed.length, removed };
}
