import type { Digest } from "../../lib/digest.ts";
import type { Table } from "../../table/table.ts";
import type { TextBlock } from "../../table/text-block.ts";

/**
 * The column engine: reads tables from files and reads and writes Parquet. Never holds a whole source in memory
 * (`readTable` does, of what is asked for). Safe to use from the main thread and from worker threads; one instance each.
 */
export interface Columns {
  /**
   * Looks at every byte of a source once: digest, encoding, dialect, names. Throws `not_found` (no such file, no match),
   * `invalid_data` (empty, binary, truncated gz, unreadable), `unsupported` (a format we do not read).
   */
  inspect(request: SourceRequest): Promise<Source>;
  /** The source's rows in file order, as text. A Parquet value becomes its text (numbers shortest round trip, times ISO). */
  blocks(source: Source): AsyncIterable<FileBlock>;
  /**
   * Cuts a source into runs of whole rows that can be read one by one, each about `size` bytes of text (Parquet: whole row
   * groups where they are not too large). The same source and size always give the same pieces. Reads text once.
   */
  pieces(source: Source, size: number): AsyncIterable<Piece>;
  /**
   * The rows of one piece. `unpacked`: the file `unpack` made of it, which pieces of packed and converted text need.
   * Throws `conflict` when the source has changed since it was inspected.
   */
  pieceBlocks(source: Source, piece: Piece, unpacked?: string): AsyncIterable<FileBlock>;
  /** False: pieces of this file must go through `unpack`. */
  readsInPlace(file: SourceFile): boolean;
  /**
   * Reads packed and converted text once from its beginning; `take` gets each wanted piece as a scratch file, which it discards
   * when done. The next one is not unpacked before `take` returns.
   * @param wanted in the order of `pieces`.
   */
  unpack(
    source: Source,
    wanted: readonly Piece[],
    take: (piece: Piece, unpacked: Unpacked) => Promise<void>,
  ): Promise<void>;
  /** A new Parquet file in the scratch folder. Same columns and rows, same bytes, however the rows are cut into tables. */
  writer(columns: readonly WrittenColumn[], options?: WriterOptions): Promise<TableWriter>;
  /**
   * Writes the rows of Parquet files with the same columns, in order, as one file at `place.to`: Parquet, CSV or JSON lines by the
   * end of its name. On disk under its name, or not there at all; throws `storage_full`, `invalid_input`.
   */
  publish(parts: readonly string[], place: ResultPlace): Promise<void>;
  publishText(chunks: AsyncIterable<Uint8Array>, place: ResultPlace): Promise<void>;
  describe(
    path: string,
  ): Promise<{ readonly rows: number; readonly columns: readonly ColumnSpec[] }>;
  /** Rows of a Parquet file in file order. Numbers of any SQL type become doubles, dates and timestamps times, the rest text. */
  readTable(path: string, selection?: Selection): Promise<Table>;
  /** The same as `readTable`, in tables of at most 61,440 rows. */
  scan(path: string, selection?: Selection): AsyncIterable<Table>;
  /** Removes the scratch folder. */
  close(): Promise<void>;
}

/** Where a result goes: it appears under its name when it is complete, and a file of that name is replaced. */
export interface ResultPlace {
  /** Absolute. */
  readonly to: string;
  /** Distinguishes the writers of one name; the same one takes up what it left unfinished. */
  readonly token: string;
  /** Makes its folder where it is not there; otherwise that is an error. */
  readonly makeFolder?: boolean | undefined;
}

export interface ColumnSpec {
  readonly name: string;
  readonly type: "number" | "string" | "time";
}

/** A column of a file to be written. */
export interface WrittenColumn extends ColumnSpec {
  /** SQL type the text or number is stored as, such as BIGINT or BOOLEAN. Text that does not fit it throws `invalid_data`. */
  readonly as?: string;
}

export interface Selection {
  /** In this order; all when left out. A name the file lacks throws `invalid_input`. */
  readonly columns?: readonly string[];
  /** Rows `from..to-1`, counted from 0. */
  readonly from?: number;
  readonly to?: number;
}

export interface WriterOptions {
  /** Rows go into the file by this number column, not as they came. */
  readonly orderBy?: string;
  /** For tables of some ten MB: what is gathered is not written to disk first, which saves an eighth of the time of a batch. */
  readonly inMemory?: boolean;
}

export interface TableWriter {
  /** The table's columns must have the names and types given to `writer`, in any order. */
  append(table: Table): Promise<void>;
  /**
   * Appends rows whose first columns are the cells of a block, byte by byte without becoming text in between, and whose other
   * columns are those of `rest`, in order. `rows`: which rows of the block; `rest` has as many.
   */
  appendCells(block: TextBlock, rows: ArrayLike<number>, rest: Table): Promise<void>;
  /** Writes the file. */
  finish(): Promise<ScratchFile>;
  /** Gives up: no file is left. */
  abort(): Promise<void>;
}

/** A scratch file that holds one piece of a source. */
export type Unpacked = Omit<ScratchFile, "rows" | "digest">;

/** A finished file in the scratch folder; copy it where it belongs, then discard it. */
export interface ScratchFile {
  readonly path: string;
  readonly rows: number;
  /** What a blob store will call it. */
  digest(): Promise<Digest>;
  discard(): Promise<void>;
}

export interface SourceRequest {
  /** Path, or a glob with `*`, `?` and `**`; relative to `folder`. A literal file of that name wins over the glob. */
  readonly uri: string;
  /** Absolute. */
  readonly folder: string;
  /** Column names, when the files have no header line. */
  readonly header?: readonly string[];
}

export type SourceFormat = "csv" | "jsonl" | "parquet";
export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** What a source is: the files, and how they are to be read. Plain data. */
export interface Source {
  readonly files: readonly SourceFile[];
  readonly format: SourceFormat;
  readonly names: readonly string[];
  /** The types a Parquet file declares, by name. */
  readonly declared: Readonly<Record<string, ColumnSpec["type"]>>;
  /** The same as SQL types: what its text can be turned back into. */
  readonly sqlTypes: Readonly<Record<string, string>>;
  /** CSV: undefined means that each line is one value. */
  readonly delimiter: string | undefined;
  /** CSV: whether quotes enclose fields. */
  readonly quotes: boolean;
  /** CSV: whether the first line of each file holds the names. */
  readonly hasHeader: boolean;
  /** Things a person should know: converted encodings, renamed columns, a missing header. */
  readonly notes: readonly SourceNote[];
}

export interface SourceFile {
  /** Relative to the request's folder, with `/`. */
  readonly uri: string;
  readonly path: string;
  /** Of the bytes on disk. */
  readonly digest: Digest;
  readonly bytes: number;
  /** Changes with the file; see `pieceBlocks`. */
  readonly stamp: string;
  readonly encoding: Encoding;
  readonly gzip: boolean;
}

export interface SourceNote {
  readonly kind: "encoding" | "header" | "name";
  readonly column: string | undefined;
  readonly message: string;
}

/** A run of whole rows of `file` (index into `Source.files`). Plain data. */
export interface Piece {
  readonly file: number;
  /** Text: bytes `from..to-1` of the file (of its unpacked UTF-8 text where it cannot be read in place). Parquet: rows. */
  readonly from: number;
  readonly to: number;
  /** Line of the first row, from 1; of Parquet, row + 1. */
  readonly line: number;
}

/** A block of rows of `file` (index into `Source.files`). */
export interface FileBlock extends TextBlock {
  readonly file: number;
}
