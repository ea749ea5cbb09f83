import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  access,
  type FileHandle,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
} from "node:fs/promises";
import { join, resolve } from "node:path";
import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import { blobName, storeName } from "../blob-name.ts";
import { fillFrom, isAbsent, keepFile, sweepHalves } from "../keep-file.ts";
import type { Blobs } from "./blobs.ts";

/**
 * Blobs as files `<root>/ab/cdef…` named by their SHA-256. A blob is written to `<root>/tmp`, synced, renamed, and its folder
 * synced: it is wholly there or not at all, and acknowledged means on disk. Any number of processes may share the folder.
 * `putFile` copies: the original stays as it is.
 */
export function fileBlobs(folder: string): Blobs {
  const root = resolve(folder);
  const temporary = join(root, "tmp");

  const write = (fill: (file: FileHandle) => Promise<Digest>): Promise<Digest> =>
    keepFile(temporary, fill, (digest) => pathOf(root, digest));

  const self: Blobs = {
    async put(bytes) {
      const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      if (await touched(pathOf(root, digest))) return digest;
      return write(async (file) => {
        await file.writeFile(bytes);
        return digest;
      });
    },
    putFile: (path) => self.putStream(fileContent(path)),
    putStream: (content) =>
      write(async (file) => {
        const hash = createHash("sha256");
        await fillFrom(file, content, (chunk) => hash.update(chunk));
        return `sha256:${hash.digest("hex")}`;
      }),
    async get(digest) {
      const at = pathOf(root, digest);
      let bytes: Buffer;
      try {
        bytes = await readFile(at);
      } catch (error) {
        throw missing(error, digest);
      }
      const found = createHash("sha256").update(bytes).digest("hex");
      if (digest !== `sha256:${found}`)
        throw new MillwrightError(
          "internal",
          `The stored bytes of ${digest} have changed on disk (${at} is now sha256:${found}). Restore the file from a backup, or remove it and run what made it again.`,
        );
      return bytes;
    },
    async has(digest) {
      const at = pathOf(root, digest);
      return access(at).then(
        () => true,
        () => false,
      );
    },
    async localPath(digest) {
      const at = pathOf(root, digest);
      try {
        await access(at);
      } catch (error) {
        throw missing(error, digest);
      }
      return at;
    },
    async delete(digest) {
      const at = pathOf(root, digest);
      await rm(at, { force: true });
    },
    async deleteOld(digest, before) {
      const at = pathOf(root, digest);
      const aside = join(temporary, randomBytes(12).toString("hex"));
      try {
        // What is young is not even moved: who reads it meanwhile would not find it, who dies meanwhile would have lost it.
        if ((await stat(at)).mtimeMs >= before) return false;
        await mkdir(temporary, { recursive: true });
        await rename(at, aside);
      } catch (error) {
        if (isAbsent(error)) return true;
        throw error;
      }
      // Who put it before it was moved has touched it; who comes later finds nothing, and writes it anew.
      const { mtimeMs } = await stat(aside);
      if (mtimeMs >= before) {
        await rename(aside, at);
        return false;
      }
      await rm(aside);
      return true;
    },
    async *list() {
      for (const start of await namesIn(root, /^[0-9a-f]{2}$/))
        for (const rest of await namesIn(join(root, start), /^[0-9a-f]{62}$/))
          yield `sha256:${start}${rest}`;
    },
    tidy: (before) => sweepHalves(temporary, before),
    beside: (name) => fileBlobs(join(root, storeName(name))),
  };
  return self;
}

async function namesIn(folder: string, form: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch((error) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  return names.filter((name) => form.test(name));
}

/** Says with the time of the file that its blob was put again, or a copy used; false when there is none. */
export async function touched(path: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    // Somebody else's file, or a disk that is only read: it is there all the same.
    return access(path).then(
      () => true,
      () => false,
    );
  }
}

async function* fileContent(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>;
  } catch (error) {
    if (isAbsent(error))
      throw new MillwrightError("not_found", `There is no file ${path}.`, { cause: error });
    throw error;
  }
}

function pathOf(root: string, digest: string): string {
  const name = blobName(digest);
  return join(root, name.slice(0, 2), name.slice(2));
}

function missing(error: unknown, digest: Digest): unknown {
  if (!isAbsent(error)) return error;
  return new MillwrightError("not_found", `There is no blob ${digest}.`, { cause: error });
}
