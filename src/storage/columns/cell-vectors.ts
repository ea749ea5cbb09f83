import {
  DuckDBBlobVector,
  type DuckDBDataChunk,
  DuckDBDoubleVector,
  type DuckDBVarCharVector,
} from "@duckdb/node-api";
import { cellText, type TextBlock } from "../../table/text-block.ts";

/** Longest text that lies within DuckDB's 16-byte string itself. */
const INLINED = 12;

type VectorParts = ConstructorParameters<typeof DuckDBBlobVector>;

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
  const text = chunk.getColumnVector(index) as DuckDBVarCharVector;
  const { dataView, validity, vector } = text as unknown as {
    dataView: VectorParts[0];
    validity: VectorParts[1];
    vector: VectorParts[2];
  };
  const inlined = new Uint8Array(16 * count);
  const lengths = new Int32Array(inlined.buffer);
  const long = new DuckDBBlobVector(dataView, validity, vector, 0, count);
  let anyLong = false;
  const { bytes, starts, ends, escaped, width } = block;
  for (let i = 0; i < count; i++) {
    const cell = rows[from + i]! * width + index;
    const start = starts[cell]!;
    if (start < 0) {
      validity.setItemValid(i, false);
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
  // A double vector copies its numbers into the vector as they are: here two of them make one string.
  new DuckDBDoubleVector(new Float64Array(inlined.buffer), validity, vector).flush();
  if (anyLong) long.flush();
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 127) return false;
  return true;
}
