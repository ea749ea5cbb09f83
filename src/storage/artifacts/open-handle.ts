import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import type { OpenArtifact } from "./artifacts.ts";

/** Large enough that a gigabyte is not a hundred thousand reads, small enough for many readers at once. */
const CHUNK = 256 * 1024;

/** A file that stays the same although its name may go to another meanwhile. */
export function openHandle(file: FileHandle, bytes: number): OpenArtifact {
  return {
    bytes,
    read({ from, to } = { from: 0, to: bytes - 1 }) {
      if (to >= from) return file.createReadStream({ start: from, end: to, highWaterMark: CHUNK });
      file.close().catch(() => {});
      return Readable.from([]);
    },
    close: () => file.close(),
  };
}
