import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { readCells } from "./cell-vectors.ts";
import type { FileBlock, Piece, Source } from "./columns.ts";
import { literal, parquet, parquetColumns, textExpression } from "./parquet-sql.ts";
import { unchanged } from "./source-stamp.ts";

/** Row groups are joined up to this many rows, and larger ones than the second number are cut. */
const FEW_ROWS = 50_000;
const MANY_ROWS = 250_000;

/** The rows of a source's Parquet files as text, or those of one piece. */
export async function* parquetBlocks(
  instance: DuckDBInstance,
  source: Source,
  piece?: Piece,
): AsyncGenerator<FileBlock> {
  const wanted = piece ? [piece.file] : source.files.keys();
  for (const file of wanted) {
    const { path } = source.files[file]!;
    if (piece) await unchanged(source.files[file]!);
    const reader = await instance.connect();
    try {
      const columns = await parquetColumns(reader, path);
      const values = columns.map(textExpression).join(", ");
      const rows = piece
        ? `read_parquet(${literal(path)}, file_row_number = true) WHERE file_row_number >= ${piece.from} AND file_row_number < ${piece.to}`
        : parquet(path);
      const result = await reader.stream(`SELECT ${values} FROM ${rows}`);
      let line = piece?.line ?? 1;
      for (
        let chunk = await result.fetchChunk();
        chunk && chunk.rowCount > 0;
        chunk = await result.fetchChunk()
      ) {
        const first = line;
        line += chunk.rowCount;
        const lines = Float64Array.from({ length: chunk.rowCount }, (_, i) => first + i);
        yield { ...readCells(chunk), lines, bad: [], file };
      }
    } finally {
      reader.closeSync();
    }
    if (piece) await unchanged(source.files[file]!);
  }
}

/** Whole row groups, since a reader has to unpack a group from its beginning. */
export async function* parquetPieces(
  connection: DuckDBConnection,
  source: Source,
): AsyncGenerator<Piece> {
  for (const [file, { path }] of source.files.entries()) {
    const found = await connection.runAndReadAll(
      `SELECT row_group_num_rows FROM parquet_metadata(${literal(path)}) WHERE column_id = 0 ORDER BY row_group_id`,
    );
    const piece = (from: number, to: number): Piece => ({ file, from, to, line: from + 1 });
    let from = 0;
    let to = 0;
    for (const [count] of found.getRows()) {
      to += Number(count);
      if (to - from < FEW_ROWS) continue;
      for (; to - from > MANY_ROWS; from += MANY_ROWS) yield piece(from, from + MANY_ROWS);
      yield piece(from, to);
      from = to;
    }
    if (to > from) yield piece(from, to);
  }
}
