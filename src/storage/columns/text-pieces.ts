import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { MillwrightError } from "../../errors.ts";
import { rowCuts } from "../../table/row-cuts.ts";
import type { FileBlock, Piece, Source, SourceFile, Unpacked } from "./columns.ts";
import { readError, textBytes } from "./source-bytes.ts";
import { unchanged } from "./source-stamp.ts";
import { blocksOf, dialectOf } from "./text-blocks.ts";

const BOM = 3;

/** Whether a file's pieces can be read where they lie: plain UTF-8. Packed and converted text is only known from its beginning. */
export const readsInPlace = ({ encoding, gzip }: SourceFile): boolean =>
  encoding === "utf-8" && !gzip;

/** Cuts each file between rows, about every `size` bytes of text. Reads everything once. */
export async function* textPieces(source: Source, size: number): AsyncGenerator<Piece> {
  const dialect = source.format === "csv" ? dialectOf(source) : undefined;
  for (const [file, at] of source.files.entries()) {
    const cut = rowCuts(dialect);
    const start = readsInPlace(at) && (await hasBom(at.path)) ? BOM : 0;
    // Small enough that a piece hardly overshoots.
    const step = Math.max(1 << 14, size >> 3);
    let from = 0;
    let line = 1;
    const piece = (to: number): Piece => ({ file, from: start + from, to: start + to, line });
    for await (const chunk of textBytes(at))
      for (let k = 0; k < chunk.length; k += step) {
        const place = cut(chunk.subarray(k, k + step), false);
        if (place.at - from < size) continue;
        yield piece(place.at);
        from = place.at;
        line = place.line;
      }
    const end = cut(new Uint8Array(0), true).at;
    if (end > from) yield piece(end);
  }
}

/** The rows of one piece. `path`: a file that holds nothing else (see `unpackedPieces`). */
export async function* pieceBlocks(
  source: Source,
  piece: Piece,
  path: string | undefined,
): AsyncGenerator<FileBlock> {
  const at = source.files[piece.file]!;
  const span = path === undefined ? { start: piece.from, end: piece.to - 1 } : {};
  await unchanged(at);
  const bytes = createReadStream(path ?? at.path, { ...span, highWaterMark: 1 << 20 });
  yield* blocksOf(bytesOf(bytes, at.uri), source, piece);
  await unchanged(at);
}

async function* bytesOf(stream: AsyncIterable<Uint8Array>, uri: string) {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (cause) {
    throw readError(uri, cause);
  }
}

/**
 * Unpacks and converts text from its beginning and writes the `wanted` pieces (in their order) as files of their own into
 * `folder`; `take` gets each as soon as it is whole, and the next is not read before it returns.
 */
export async function unpackPieces(
  source: Source,
  wanted: readonly Piece[],
  { folder, take }: { folder: string; take(piece: Piece, unpacked: Unpacked): Promise<void> },
): Promise<void> {
  for (const [file, at] of source.files.entries()) {
    const own = wanted.filter((piece) => piece.file === file);
    if (own.length === 0) continue;
    await unchanged(at);
    let next = 0;
    let offset = 0;
    let parts: Uint8Array[] = [];
    for await (const chunk of textBytes(at)) {
      const end = offset + chunk.length;
      for (let piece = own[next]; piece && piece.from < end; piece = own[next]) {
        parts.push(chunk.slice(Math.max(0, piece.from - offset), piece.to - offset));
        if (piece.to > end) break;
        const path = join(folder, `piece-${crypto.randomUUID()}`);
        await writePiece(path, parts);
        parts = [];
        next++;
        await take(piece, { path, discard: () => rm(path, { force: true }) });
      }
      offset = end;
      if (next === own.length) break;
    }
    await unchanged(at);
  }
}

async function writePiece(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(Buffer.concat(parts));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause;
    throw new MillwrightError("storage_full", `no space left to unpack a source into ${path}`, {
      cause,
    });
  } finally {
    await handle.close();
  }
}

async function hasBom(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BOM), 0, BOM, 0);
    return bytesRead === BOM && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf;
  } finally {
    await handle.close();
  }
}
