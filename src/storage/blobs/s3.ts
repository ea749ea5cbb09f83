import { createHash, randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import { blobName, storeName } from "../blob-name.ts";
import { type BlobCache, blobCache } from "../s3/blob-cache.ts";
import { type S3Objects, s3Objects } from "../s3/s3-objects.ts";
import { s3Place } from "../s3/s3-url.ts";
import type { Blobs } from "./blobs.ts";

/** The store itself; others are `beside` it. */
const MAIN = "blobs";
/** Up to here one request carries the bytes, and putting them again is the cheapest way to say that they are wanted. */
const ONE_REQUEST_BYTES = 8 * 2 ** 20;
/** Servers copy no larger object onto itself. */
const COPY_BYTES = 5 * 2 ** 30;
/** Servers tell times in whole seconds, rounded down. */
const CLOCK_STEP_MS = 1000;
const MARK = ".going.";
/** A deletion that is not done so long after it began to write its mark is given up… */
const DELETION_MS = 30_000;
/** …so that a mark seen for longer is a left-over. Only durations: clocks of machines may differ. */
const MARK_MS = 90_000;
const LOOK_MS = 100;
/** A deleter may have come first this often. More, and the server does not list what it keeps. */
const MOST_PUTS = 10;

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
      cache: blobCache(copies, name, place.cacheBytes),
      beside: (other) => store(storeName(other)),
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

  /** The object's time, and the marks of those who are deleting it. */
  const look = async (key: string) => {
    const seen = { at: undefined as number | undefined, marks: [] as string[] };
    for await (const found of objects.list(key))
      if (found.key === key) seen.at = found.at;
      else seen.marks.push(found.key);
    return seen;
  };

  /** Puts until nobody is about to delete it. */
  const kept = async (digest: Digest, put: (key: string) => Promise<void>): Promise<Digest> => {
    const key = keyOf(digest);
    for (let puts = 0; puts < MOST_PUTS; puts++) {
      await put(key);
      const patience = Date.now() + MARK_MS;
      let { at, marks } = await look(key);
      while (marks.length > 0) {
        if (Date.now() > patience) for (const mark of marks) await objects.delete(mark);
        else await sleep(LOOK_MS);
        ({ at, marks } = await look(key));
      }
      if (at !== undefined) return digest;
    }
    throw new MillwrightError(
      "unavailable",
      `The object storage took ${key} ${MOST_PUTS} times, and does not list it in ${where}. It has to list what it has just taken.`,
    );
  };

  /** Of a copy that was made in this moment. */
  const copyOf = async (digest: Digest): Promise<string> => {
    const path = await cache.path(digest);
    if (path !== undefined) return path;
    throw new MillwrightError("unavailable", `The copy of ${digest} went as soon as it was made.`);
  };

  /** What is in the cache goes to the server, in one request or in parts. */
  const send = async (digest: Digest): Promise<Digest> => {
    const { size } = await stat(await copyOf(digest));
    if (size <= ONE_REQUEST_BYTES) {
      const bytes = await cache.get(digest);
      return kept(digest, (key) => objects.put(key, bytes, blobName(digest)));
    }
    return kept(digest, async (key) => {
      if (size > COPY_BYTES || !(await objects.touch(key)))
        await objects.upload(key, await copyOf(digest), size);
    });
  };

  /** Brings a blob into the cache. What the server gives is checked on the way; nothing of a wrong one is kept. */
  const fetch = async (digest: Digest): Promise<void> => {
    const key = keyOf(digest);
    const found = await objects.get(key, (content) => cache.putStream(content));
    if (found === digest) return;
    if (found === undefined)
      throw new MillwrightError("not_found", `There is no blob ${digest} in ${where}.`);
    await cache.delete(found);
    throw new MillwrightError(
      "internal",
      `The bytes of ${digest} have changed in the object storage (${key} of ${where} is now ${found}). Restore an earlier version of the object, or remove it and run what made it again.`,
    );
  };

  const self: Blobs = {
    // Also where there is a copy: one that was damaged would go to everybody.
    put: (bytes) => self.putStream(only(bytes)),
    putFile: async (path) => send(await cache.putFile(path)),
    putStream: async (content) => send(await cache.putStream(content)),
    async get(digest) {
      if ((await cache.path(digest)) !== undefined)
        try {
          return await cache.get(digest);
        } catch (error) {
          if (!(error instanceof MillwrightError)) throw error;
          // A copy that was damaged, or has just gone.
          await cache.delete(digest);
        }
      await fetch(digest);
      return cache.get(digest);
    },
    has: async (digest) => objects.has(keyOf(digest)),
    async localPath(digest) {
      const known = await cache.path(digest);
      if (known !== undefined) return known;
      await fetch(digest);
      return copyOf(digest);
    },
    async delete(digest) {
      await objects.delete(keyOf(digest));
      await cache.delete(digest);
    },
    async deleteOld(digest, before) {
      const key = keyOf(digest);
      const age = async () => {
        const { at } = await look(key);
        return at === undefined ? "gone" : at + CLOCK_STEP_MS <= before ? "old" : "young";
      };
      const seen = await age();
      if (seen !== "old") return seen === "gone";
      const until = Date.now() + DELETION_MS;
      const mark = `${key}${MARK}${randomBytes(8).toString("hex")}`;
      // Should anything fail from here on, the mark stays: a request that got no answer may still be carried out.
      await objects.put(mark, new Uint8Array(0), createHash("sha256").digest("hex"));
      const again = await age();
      const left = until - Date.now();
      const going = again === "old" && left > 0;
      if (going) await objects.delete(key, left);
      await objects.delete(mark);
      if (going) await cache.deleteOld(digest, before);
      return going || again === "gone";
    },
    async *list() {
      for await (const { key } of objects.list(prefix)) {
        const name = key.slice(prefix.length);
        if (/^[0-9a-f]{64}$/.test(name)) yield `sha256:${name}`;
      }
    },
    async tidy(before) {
      await objects.abortUploads(prefix, before);
      for await (const { key, at } of objects.list(prefix))
        if (key.slice(prefix.length).includes(MARK) && at < before) await objects.delete(key);
      await cache.tidy(before);
    },
    beside,
  };
  return self;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
