import { decodeUtf8 } from "./utf8.ts";

/**
 * Rows of a text source as byte ranges: nothing is decoded until somebody needs it. Row-major, `rows * width` cells;
 * cell i is `bytes[starts[i] .. ends[i])`, UTF-8, outer blanks and quotes already cut off. `starts[i] === -1` means null.
 */
export interface TextBlock {
  readonly rows: number;
  readonly width: number;
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 where a quote stands doubled in the bytes. */
  readonly escaped: Uint8Array;
  /** Line in the file of each row's first character, from 1. */
  readonly lines: Float64Array;
  /** Rows that could not be cut into `width` cells, in file order. */
  readonly bad: readonly BadRow[];
}

/** A row that could not be taken. `raw` is the line as it stands in the file, cut to 64 KiB. */
export interface BadRow {
  readonly line: number;
  readonly reason: string;
  readonly raw: string;
}

/** The text of cell `i`, or undefined for null. */
export function cellText(block: TextBlock, i: number): string | undefined {
  const start = block.starts[i]!;
  if (start < 0) return undefined;
  const text = decodeUtf8(block.bytes, start, block.ends[i]!);
  return block.escaped[i] === 1 ? text.replaceAll('""', '"') : text;
}
