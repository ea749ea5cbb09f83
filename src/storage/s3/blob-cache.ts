import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../../lib/digest.ts";
import type { Blobs } from "../blobs/blobs.ts";
import { fileBlobs, touched } from "../blobs/files.ts";

/** Copies of a store's blobs on this machine, shared by its processes. */
export interface BlobCache
  extends Pick<Blobs, "putFile" | "putStream" | "get" | "delete" | "deleteOld" | "tidy"> {
  /** The copy's path, which stays for at least ten minutes; undefined: there is none. */
  path(digest: Digest): Promise<string | undefined>;
}

/** Who was given a path has opened the file by then. */
const IN_USE_MS = 600_000;
/** No copy waits so long for its next bytes: whoever was writing it is dead. */
const HALF_MS = 86_400_000;
/** What is put between two looks at the whole. */
const LOOK_AFTER_SHARE = 0.05;
const TRIM_TO_SHARE = 0.9;

/** @param mostBytes of all stores in the folder together: beyond, the copies not used for longest go. */
export function blobCache(folder: string, store: string, mostBytes: number): BlobCache {
  const files = fileBlobs(join(folder, store));
  let since = Number.POSITIVE_INFINITY;
  let trimming: Promise<void> | undefined;

  const counted = async (digest: Digest): Promise<Digest> => {
    since += (await stat(await files.localPath(digest))).size;
    if (since > mostBytes * LOOK_AFTER_SHARE) {
      since = 0;
      trimming ??= trim(folder, mostBytes).finally(() => {
        trimming = undefined;
      });
      await trimming;
    }
    return digest;
  };
  return {
    putFile: async (path) => counted(await files.putFile(path)),
    putStream: async (content) => counted(await files.putStream(content)),
    get: files.get,
    delete: files.delete,
    deleteOld: files.deleteOld,
    tidy: files.tidy,
    async path(digest) {
      const path = await files.localPath(digest).catch(() => undefined);
      return path !== undefined && (await touched(path)) ? path : undefined;
    },
  };
}

async function trim(folder: string, mostBytes: number): Promise<void> {
  const copies: { files: Blobs; digest: Digest; bytes: number; at: number }[] = [];
  for (const store of await readdir(folder)) {
    const files = fileBlobs(join(folder, store));
    await files.tidy(Date.now() - HALF_MS);
    for await (const digest of files.list()) {
      const path = await files.localPath(digest).catch(() => undefined);
      const about = path && (await stat(path).catch(() => undefined));
      if (about) copies.push({ files, digest, bytes: about.size, at: about.mtimeMs });
    }
  }
  let bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  if (bytes <= mostBytes) return;
  copies.sort((a, b) => a.at - b.at);
  const usedSince = Date.now() - IN_USE_MS;
  for (const { files, digest, ...copy } of copies) {
    if (bytes <= mostBytes * TRIM_TO_SHARE || copy.at > usedSince) return;
    // Another process may use it since, or own it; that is no reason not to put another blob.
    if (await files.deleteOld(digest, usedSince).catch(() => false)) bytes -= copy.bytes;
  }
}
