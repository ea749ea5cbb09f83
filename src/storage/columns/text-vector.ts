import {
  DuckDBBlobVector,
  type DuckDBDataChunk,
  DuckDBDoubleVector,
  type DuckDBVarCharVector,
} from "@duckdb/node-api";

type VectorParts = ConstructorParameters<typeof DuckDBBlobVector>;

/** What a text vector of DuckDB is made of. */
export interface TextVector {
  /** 16 bytes a value: length (u32), then up to 12 bytes of text, or 4 bytes of prefix and a pointer. */
  readonly dataView: VectorParts[0];
  readonly validity: VectorParts[1];
  readonly vector: VectorParts[2];
}

/** Texts of up to so many bytes lie within the 16 bytes themselves. */
export const INLINED = 12;

export const textVector = (chunk: DuckDBDataChunk, index: number): TextVector =>
  chunk.getColumnVector(index) as DuckDBVarCharVector as unknown as TextVector;

/** The same vector as bytes, for texts that are not inlined. */
export const asBlobs = ({ dataView, validity, vector }: TextVector, count: number) =>
  new DuckDBBlobVector(dataView, validity, vector, 0, count);

/** Writes all values of a vector as they lie in `inlined`, 16 bytes each, and which are missing. */
export function writeInlined(inlined: ArrayBuffer, { validity, vector }: TextVector): void {
  // A double vector copies its numbers into the vector as they are: here two of them make one string.
  new DuckDBDoubleVector(new Float64Array(inlined), validity, vector).flush();
}
