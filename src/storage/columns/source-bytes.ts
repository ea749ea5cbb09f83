import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { MillwrightError } from "../../errors.ts";
import type { Encoding, SourceFile } from "./columns.ts";

const CHUNK = 1 << 20;

/** The bytes of a file, unpacked, in pieces of about 1 MB. `onRaw` sees the bytes as they are on disk. */
export async function* unpackedBytes(
  file: { readonly uri: string; readonly path: string; readonly gzip: boolean },
  onRaw?: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(file.path, { highWaterMark: CHUNK });
  if (onRaw) raw.on("data", (chunk) => onRaw(chunk as Uint8Array));
  const stream = file.gzip ? raw.pipe(createGunzip({ chunkSize: CHUNK })) : raw;
  if (file.gzip) raw.on("error", (error) => stream.destroy(error));
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    throw readError(file.uri, cause);
  } finally {
    raw.destroy();
  }
}

/** The text of a file as UTF-8 without byte order mark. */
export async function* textBytes(file: SourceFile): AsyncGenerator<Uint8Array> {
  if (file.encoding === "utf-8") {
    let first = true;
    for await (const chunk of unpackedBytes(file)) {
      const skip = first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
      first = false;
      yield skip > 0 ? chunk.subarray(skip) : chunk;
    }
    return;
  }
  const decoder = new TextDecoder(file.encoding);
  for await (const chunk of unpackedBytes(file))
    yield Buffer.from(decoder.decode(chunk, { stream: true }), "utf8");
  yield Buffer.from(decoder.decode(), "utf8");
}

export const decodeHead = (head: Uint8Array, encoding: Encoding): Uint8Array =>
  Buffer.from(new TextDecoder(encoding).decode(head, { stream: true }), "utf8");

export function readError(uri: string, cause: unknown): Error {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "Z_BUF_ERROR")
    return new MillwrightError(
      "invalid_data",
      `source '${uri}' is cut off: its gzip data ends in the middle; copy or download it again`,
      { cause },
    );
  if (code?.startsWith("Z_"))
    return new MillwrightError("invalid_data", `source '${uri}' is not sound gzip: ${message}`, {
      cause,
    });
  if (code === "EACCES" || code === "EPERM")
    return new MillwrightError("invalid_input", `source '${uri}' may not be read: ${message}`, {
      cause,
    });
  return cause as Error;
}
