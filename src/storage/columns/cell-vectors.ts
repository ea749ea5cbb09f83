import type { DuckDBDataChunk } from "@duckdb/node-api";
import { cellText, type TextBlock } from "../../table/text-block.ts";
import { asBlobs, INLINED, textVector, writeInlined } from "./text-vector.ts";

/**
 * Writes the cells of block column `index` into the text vector of that number: rows `rows[from..from+count-1]`. Bytes go from the
 * block to DuckDB as they are: short ones through one buffer (length and characters, the layout of an inlined string), long
 * ones one by one. A quarter of the time it takes as strings (4.1 M cells of census data: 0.41 s instead of 1.68 s).
 */
export function writeCells(
  chunk: DuckDBDataChunk,
  index: number,
  block: TextBlock,
  rows: ArrayLike<number>,
  { from, count }: { readonly from: number; readonly count: number },
): void {
  const text = textVector(chunk, index);
  const inlined = new Uint8Array(16 * count);
  const lengths = new Int32Array(inlined.buffer);
  const long = asBlobs(text, count);
  let anyLong = false;
  const { bytes, starts, ends, escaped, width } = block;
  for (let i = 0; i < count; i++) {
    const cell = rows[from + i]! * width + index;
    const start = starts[cell]!;
    if (start < 0) {
      text.validity.setItemValid(i, false);
      continue;
    }
    const end = ends[cell]!;
    const length = end - start;
    if (length <= INLINED && escaped[cell] === 0) {
      let high = 0;
      const at = 16 * i + 4;
      for (let k = 0; k < length; k++) {
        const byte = bytes[start + k]!;
        high |= byte;
        inlined[at + k] = byte;
      }
      if (high < 0x80) {
        lengths[4 * i] = length;
        continue;
      }
      inlined.fill(0, at, at + length);
    }
    const plain = escaped[cell] === 0 && isAscii(bytes, start, end);
    // Bytes that are not UTF-8 were promised to be read as U+FFFD.
    const value = plain ? bytes.subarray(start, end) : Buffer.from(cellText(block, cell)!, "utf8");
    long.setItem(i, { bytes: value } as Parameters<typeof long.setItem>[1]);
    anyLong = true;
  }
  writeInlined(inlined.buffer, text);
  if (anyLong) long.flush();
}

/**
 * The text vectors of a chunk as the cells of a block, row by row. Bytes go from DuckDB to the block as they are, long ones one by one;
 * no string is made (700,000 rows of 17 columns: a third of the time).
 */
export function readCells(
  chunk: DuckDBDataChunk,
): Pick<TextBlock, "rows" | "width" | "bytes" | "starts" | "ends" | "escaped"> {
  const [rows, width] = [chunk.rowCount, chunk.columnCount];
  const columns = Array.from({ length: width }, (_, j) => {
    const text = textVector(chunk, j);
    const { dataView, validity } = text;
    const all = asBlobs(text, rows);
    const inlined = new Uint8Array(dataView.buffer, dataView.byteOffset, 16 * rows);
    const lengths = new Int32Array(dataView.buffer, dataView.byteOffset, 4 * rows);
    return { all, validity, inlined, lengths };
  });
  const starts = new Int32Array(rows * width);
  const ends = new Int32Array(rows * width);
  let size = 0;
  for (let i = 0, cell = 0; i < rows; i++)
    for (let j = 0; j < width; j++, cell++) {
      const { validity, lengths } = columns[j]!;
      const there = validity.itemValid(i);
      starts[cell] = there ? size : -1;
      if (there) size += lengths[4 * i]!;
      ends[cell] = size;
    }
  const bytes = new Uint8Array(size);
  for (let j = 0; j < width; j++) {
    const { all, inlined, lengths } = columns[j]!;
    for (let i = 0, cell = j; i < rows; i++, cell += width) {
      const start = starts[cell]!;
      if (start < 0) continue;
      const length = lengths[4 * i]!;
      if (length > INLINED) {
        bytes.set(all.getItemBytes(i)!, start);
        continue;
      }
      const from = 16 * i + 4;
      for (let k = 0; k < length; k++) bytes[start + k] = inlined[from + k]!;
    }
  }
  return { rows, width, bytes, starts, ends, escaped: new Uint8Array(rows * width) };
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 127) return false;
  return true;
}
