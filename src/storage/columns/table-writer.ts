import { rm } from "node:fs/promises";
import { DOUBLE, DuckDBDataChunk, type DuckDBInstance, TIMESTAMP, VARCHAR } from "@duckdb/node-api";
import { MillwrightError } from "../../errors.ts";
import type { Column, Table } from "../../table/table.ts";
import { digestOfFile } from "../digest-of-file.ts";
import { writeCells } from "./cell-vectors.ts";
import type { ColumnSpec, TableWriter, WriterOptions, WrittenColumn } from "./columns.ts";
import { literal, quoted } from "./parquet-sql.ts";
import { writeVector } from "./vectors.ts";

/** Rows of one DuckDB vector. */
const VECTOR = 2048;
const SQL_TYPE = { number: "DOUBLE", string: "VARCHAR", time: "TIMESTAMP" } as const;
const VECTOR_TYPE = { number: DOUBLE, string: VARCHAR, time: TIMESTAMP } as const;

/** Beyond this many columns their dictionaries may not have a megabyte each: 3,000 columns of one word each took 2 GB. */
const MANY_COLUMNS = 500;

/** Gathers rows in a table `name` of the instance and copies them to `path` as Parquet. */
export async function tableWriter(
  instance: DuckDBInstance,
  columns: readonly WrittenColumn[],
  {
    name,
    path,
    orderBy,
    inMemory,
  }: WriterOptions & { readonly name: string; readonly path: string },
): Promise<TableWriter> {
  const own = await instance.connect();
  await own.run(
    `CREATE ${inMemory ? "TEMP " : ""}TABLE ${name} (${columns.map((c, j) => `c${j} ${SQL_TYPE[c.type]}`).join(", ")})`,
  );
  const appender = await own.createAppender(name, "main", inMemory ? "temp" : undefined);
  const types = columns.map((c) => VECTOR_TYPE[c.type]);
  let rows = 0;
  const drop = async () => {
    await own.run(`DROP TABLE IF EXISTS ${name}`);
    own.closeSync();
  };
  return {
    async append(table) {
      const cells = columns.map((c) => columnOf(table, c));
      for (let from = 0; from < table.rows; from += VECTOR) {
        const count = Math.min(VECTOR, table.rows - from);
        const chunk = DuckDBDataChunk.create(types, count);
        for (let j = 0; j < cells.length; j++) writeVector(chunk, j, cells[j]!, from, count);
        appender.appendDataChunk(chunk);
      }
      rows += table.rows;
    },
    async appendCells(block, wanted, rest) {
      const cells = columns.slice(block.width).map((c) => columnOf(rest, c));
      for (let from = 0; from < wanted.length; from += VECTOR) {
        const count = Math.min(VECTOR, wanted.length - from);
        const chunk = DuckDBDataChunk.create(types, count);
        for (let j = 0; j < block.width; j++) writeCells(chunk, j, block, wanted, { from, count });
        for (let j = 0; j < cells.length; j++)
          writeVector(chunk, block.width + j, cells[j]!, from, count);
        appender.appendDataChunk(chunk);
      }
      rows += wanted.length;
    },
    async finish() {
      appender.closeSync();
      const names = columns.map((c, j) => `${stored(c, j)} AS ${quoted(c.name)}`).join(", ");
      const wide = columns.length > MANY_COLUMNS ? ", STRING_DICTIONARY_PAGE_SIZE_LIMIT 16384" : "";
      const by = columns.findIndex((c) => c.name === orderBy);
      const order = by < 0 ? "" : ` ORDER BY c${by}`;
      await own
        .run(
          `COPY (SELECT ${names} FROM ${name}${order}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880${wide})`,
        )
        .catch((cause) => {
          throw writeError(cause);
        });
      await drop();
      const discard = () => rm(path, { force: true });
      return { path, rows, digest: () => digestOfFile(path), discard };
    },
    async abort() {
      appender.closeSync();
      await drop();
      await rm(path, { force: true });
    },
  };
}

/** Only types that DuckDB itself named reach SQL here. */
const stored = ({ as }: WrittenColumn, j: number): string =>
  as === undefined ? `c${j}` : `CAST(c${j} AS ${as})`;

function columnOf(table: Table, { name, type }: ColumnSpec): Column {
  const column = table.columns.get(name);
  if (!column)
    throw new MillwrightError("invalid_input", `the table to write lacks column '${name}'`);
  if (column.type !== type)
    throw new MillwrightError(
      "invalid_input",
      `column '${name}' to write is ${column.type}, not ${type}`,
    );
  return column;
}

function writeError(cause: unknown): Error {
  const words = firstLine(cause);
  if (/No space left|ENOSPC/.test(String(cause)))
    return new MillwrightError("storage_full", `no space left to write a table: ${words}`, {
      cause,
    });
  if (/^Conversion Error/.test(words)) return new MillwrightError("invalid_data", words, { cause });
  return cause as Error;
}

const firstLine = (cause: unknown) => String((cause as Error).message).split("\n")[0]!;
