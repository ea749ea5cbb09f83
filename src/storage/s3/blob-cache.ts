import { rm, stat, utimes } from "node:fs/promises";
import type { Digest } from "../../lib/digest.ts";
import type { Blobs } from "../blobs/blobs.ts";
import { fileBlobs } from "../blobs/files.ts";

/** Copies of blobs on this machine, shared by its processes; those not used for longest go when there are too many bytes. */
export interface BlobCache
  extends Pick<Blobs, "put" | "putFile" | "putStream" | "get" | "delete" | "tidy"> {
  /** The copy's path, which stays for at least ten minutes; undefined: there is none. */
  path(digest: Digest): Promise<string | undefined>;
}

/** Who was given a path has opened the file by then. */
const IN_USE_MS = 600_000;
/** What is put between two looks at the whole. */
const LOOK_AFTER_SHARE = 0.05;
const TRIM_TO_SHARE = 0.9;

export function blobCache(folder: string, mostBytes: number): BlobCache {
  const files = fileBlobs(folder);
  let since = Number.POSITIVE_INFINITY;
  let trimming: Promise<void> | undefined;

  const counted = async (digest: Digest): Promise<Digest> => {
    since += (await stat(await files.localPath(digest))).size;
    if (since > mostBytes * LOOK_AFTER_SHARE) {
      since = 0;
      trimming ??= trim(files, mostBytes).finally(() => {
        trimming = undefined;
      });
      await trimming;
    }
    return digest;
  };
  return {
    put: async (bytes) => counted(await files.put(bytes)),
    putFile: async (path) => counted(await files.putFile(path)),
    putStream: async (content) => counted(await files.putStream(content)),
    get: (digest) => files.get(digest),
    delete: (digest) => files.delete(digest),
    tidy: (before) => files.tidy(before),
    async path(digest) {
      if (!(await files.has(digest))) return undefined;
      try {
        const path = await files.localPath(digest);
        const now = new Date();
        await utimes(path, now, now);
        return path;
      } catch {
        return undefined;
      }
    },
  };
}

async function trim(files: Blobs, mostBytes: number): Promise<void> {
  const copies: { path: string; bytes: number; at: number }[] = [];
  for await (const digest of files.list()) {
    const path = await files.localPath(digest).catch(() => undefined);
    const about = path && (await stat(path).catch(() => undefined));
    if (about) copies.push({ path: path!, bytes: about.size, at: about.mtimeMs });
  }
  let bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  if (bytes <= mostBytes) return;
  copies.sort((a, b) => a.at - b.at);
  const usedSince = Date.now() - IN_USE_MS;
  for (const copy of copies) {
    if (bytes <= mostBytes * TRIM_TO_SHARE || copy.at > usedSince) return;
    await rm(copy.path, { force: true });
    bytes -= copy.bytes;
  }
}
