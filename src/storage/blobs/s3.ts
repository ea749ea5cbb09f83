import { createHash, randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import { blobName } from "../blob-name.ts";
import { type BlobCache, blobCache } from "../s3/blob-cache.ts";
import { type S3Objects, s3Objects } from "../s3/s3-objects.ts";
import { s3Place } from "../s3/s3-url.ts";
import type { Blobs } from "./blobs.ts";

/** The store itself; others are `beside` it. */
const MAIN = "blobs";
/** Up to here one request carries the bytes, and putting them again is the cheapest way to say that they are wanted. */
const ONE_REQUEST_BYTES = 8 * 2 ** 20;
/** Servers tell times in whole seconds, rounded down. */
const CLOCK_STEP_MS = 1000;
/** A deletion that takes longer is given up before it deletes… */
const DELETION_MS = 30_000;
/** …and its mark means nothing after this. */
const MARK_MS = 90_000;
const LOOK_MS = 100;

/**
 * Blobs as objects `<prefix>blobs/<64 hex digits>` of an S3-compatible server. An object is there wholly or not at all; content is
 * checked by the server when it comes and against its digest when it is read. Each machine keeps copies of what it used in `cache`:
 * what has been read once is there when the server is not.
 *
 * S3 has no rename, so deletion of what is old and a new `put` of it agree through marks `<key>.going.<random>` beside the object:
 * deleter: write mark, look at the time again, delete, remove mark. putter: put, list object and marks in one (consistent) request;
 * done when there is no mark and the object is there. Whichever comes second sees the other.
 */
export function s3Blobs(url: string, cache: string): Blobs {
  const place = s3Place(url);
  const objects = s3Objects(place);
  const { bucket, prefix, endpoint } = place;
  const mine = createHash("sha256").update(`${endpoint} ${bucket} ${prefix}`).digest("hex");
  const copies = join(cache, mine.slice(0, 16));
  const store = (name: string): Blobs =>
    s3Store({
      ...{ objects, prefix: `${prefix}${name}/`, where: `s3://${bucket}/${prefix}` },
      cache: blobCache(join(copies, name), place.cacheBytes),
      beside(other) {
        if (!/^[a-z]{3,40}$/.test(other) || other === MAIN || other === "tmp")
          throw new MillwrightError("internal", `'${other}' is no name for a store.`);
        return store(other);
      },
    });
  return store(MAIN);
}

function s3Store(parts: {
  readonly objects: S3Objects;
  readonly prefix: string;
  /** For messages. */
  readonly where: string;
  readonly cache: BlobCache;
  readonly beside: Blobs["beside"];
}): Blobs {
  const { objects, prefix, where, cache, beside } = parts;
  const keyOf = (digest: string) => `${prefix}${blobName(digest)}`;
  const missing = (digest: Digest) =>
    new MillwrightError("not_found", `There is no blob ${digest} in ${where}.`);

  /** The object's time, and the marks of those who are deleting it. */
  const look = async (key: string) => {
    const seen = {
      at: undefined as number | undefined,
      marks: [] as { key: string; at: number }[],
    };
    for await (const found of objects.list(key))
      if (found.key === key) seen.at = found.at;
      else seen.marks.push(found);
    return seen;
  };

  /** Puts until nobody is about to delete it. */
  const kept = async (digest: Digest, put: (key: string) => Promise<void>): Promise<Digest> => {
    const key = keyOf(digest);
    for (;;) {
      await put(key);
      let { at, marks } = await look(key);
      while (marks.length > 0) {
        for (const mark of marks)
          if (mark.at + MARK_MS < Date.now()) await objects.delete(mark.key);
        await sleep(LOOK_MS);
        ({ at, marks } = await look(key));
      }
      if (at !== undefined) return digest;
    }
  };

  /** What is in the cache goes to the server, in one request or in parts. */
  const send = async (digest: Digest): Promise<Digest> => {
    const path = await cache.path(digest);
    if (path === undefined)
      throw new MillwrightError("unavailable", `${digest} was deleted while it was being put.`);
    const { size } = await stat(path);
    if (size <= ONE_REQUEST_BYTES) {
      const bytes = await cache.get(digest);
      return kept(digest, (key) => objects.put(key, bytes, blobName(digest)));
    }
    return kept(digest, async (key) => {
      if (!(await objects.touch(key))) await objects.upload(key, path);
    });
  };

  /** Brings a blob into the cache. What the server gives is checked on the way; nothing of a wrong one is kept. */
  const fetch = async (digest: Digest): Promise<void> => {
    const key = keyOf(digest);
    const content = await objects.get(key);
    if (!content) throw missing(digest);
    const found = await cache.putStream(content);
    if (found === digest) return;
    await cache.delete(found);
    throw new MillwrightError(
      "internal",
      `The bytes of ${digest} have changed in the object storage (${key} of ${where} is now ${found}). Restore an earlier version of the object, or remove it and run what made it again.`,
    );
  };

  const self: Blobs = {
    put: async (bytes) => send(await cache.put(bytes)),
    putFile: async (path) => send(await cache.putFile(path)),
    putStream: async (content) => send(await cache.putStream(content)),
    async get(digest) {
      blobName(digest);
      if ((await cache.path(digest)) !== undefined)
        try {
          return await cache.get(digest);
        } catch {
          // A copy that was damaged, or has just gone.
          await cache.delete(digest);
        }
      await fetch(digest);
      return cache.get(digest);
    },
    has: async (digest) => objects.has(keyOf(digest)),
    async localPath(digest) {
      blobName(digest);
      for (;;) {
        const path = await cache.path(digest);
        if (path !== undefined) return path;
        await fetch(digest);
      }
    },
    async delete(digest) {
      await objects.delete(keyOf(digest));
      await cache.delete(digest);
    },
    async deleteOld(digest, before) {
      const key = keyOf(digest);
      const isOld = async () => {
        const { at } = await look(key);
        return at === undefined ? "gone" : at + CLOCK_STEP_MS <= before;
      };
      const seen = await isOld();
      if (seen !== true) return seen === "gone";
      const began = Date.now();
      const mark = `${key}.going.${randomBytes(8).toString("hex")}`;
      await objects.put(mark, new Uint8Array(0), createHash("sha256").digest("hex"));
      try {
        const still = await isOld();
        if (still !== true) return still === "gone";
        if (Date.now() - began > DELETION_MS) return false;
        await objects.delete(key);
        return true;
      } finally {
        await objects.delete(mark);
      }
    },
    async *list() {
      for await (const { key } of objects.list(prefix)) {
        const name = key.slice(prefix.length);
        if (/^[0-9a-f]{64}$/.test(name)) yield `sha256:${name}`;
      }
    },
    async tidy(before) {
      await objects.abortUploads(prefix, before);
      await cache.tidy(before);
    },
    beside,
  };
  return self;
}
