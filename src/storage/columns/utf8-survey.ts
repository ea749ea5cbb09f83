import { isUtf8 } from "node:buffer";
import { sequenceLength } from "../../table/utf8.ts";
import type { Encoding } from "./columns.ts";

/** Watches a stream of bytes and says in the end whether it was UTF-8, and if not, where it first was not. */
export function utf8Survey() {
  let carry = Buffer.alloc(0);
  let line = 1;
  let invalid = 0;
  let sequences = 0;
  let first: { line: number; byte: number } | undefined;
  const take = (chunk: Uint8Array, last: boolean): void => {
    const bytes =
      carry.length > 0
        ? Buffer.concat([carry, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const end = last ? bytes.length : bytes.length - unfinished(bytes);
    carry = Buffer.from(bytes.subarray(end));
    if (isUtf8(bytes.subarray(0, end))) {
      for (let i = 0; i < end; i++) {
        const c = bytes[i]!;
        if (c === 10) line++;
        else if (c >= 0xc0) sequences++;
      }
      return;
    }
    for (let i = 0; i < end; ) {
      const c = bytes[i]!;
      const size = c < 0x80 ? 1 : sequenceLength(bytes, i, end);
      if (c === 10) line++;
      if (size > 1) sequences++;
      if (size === 0) {
        first ??= { line, byte: c };
        invalid++;
      }
      i += size || 1;
    }
  };
  return {
    take,
    /** A few broken bytes among many good sequences are still UTF-8; otherwise it is taken for windows-1252. */
    verdict(): {
      encoding: Encoding;
      invalid: number;
      first: { line: number; byte: number } | undefined;
    } {
      const latin = invalid > 0 && invalid * 4 > sequences;
      return { encoding: latin ? "windows-1252" : "utf-8", invalid, first };
    },
  };
}

/** UTF-16 by its byte order mark, or by the zeros that ASCII leaves in every other byte. */
export function sniffUtf16(head: Uint8Array): Encoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const zeros = [0, 0];
  const n = Math.min(head.length, 4096) & ~1;
  for (let i = 0; i < n; i++) if (head[i] === 0) zeros[i & 1]!++;
  if (n >= 8 && zeros[1]! > n * 0.3 && zeros[0]! < n * 0.02) return "utf-16le";
  if (n >= 8 && zeros[0]! > n * 0.3 && zeros[1]! < n * 0.02) return "utf-16be";
  return undefined;
}

/** Bytes at the end that begin a sequence whose rest has not come yet (0..3). */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const c = bytes[bytes.length - back]!;
    if (c < 0x80) return 0;
    if (c >= 0xc0) return (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}
