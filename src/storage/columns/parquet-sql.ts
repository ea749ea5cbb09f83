import type { DuckDBConnection } from "@duckdb/node-api";
import type { ColumnSpec } from "./columns.ts";

export interface SqlColumn extends ColumnSpec {
  readonly sql: string;
}

export async function parquetColumns(
  connection: DuckDBConnection,
  path: string,
): Promise<SqlColumn[]> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${parquet(path)}`);
  return described
    .getRows()
    .map(([name, sql]) => ({ name: String(name), sql: String(sql), type: typeOf(String(sql)) }));
}

function typeOf(sql: string): ColumnSpec["type"] {
  if (sql.endsWith("]")) return "string";
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/.test(sql)) return "number";
  if (/^(TIMESTAMP|DATE)/.test(sql)) return "time";
  return "string";
}

/** NULL as NaN, infinities kept. */
export function readExpression({ name, type, sql }: SqlColumn): string {
  if (type === "string") return `CAST(${quoted(name)} AS VARCHAR)`;
  const number =
    type === "time"
      ? `epoch(CAST(${quoted(name)} AS ${utc(sql)}))`
      : `CAST(${quoted(name)} AS DOUBLE)`;
  return `coalesce(${number}, CAST('nan' AS DOUBLE))`;
}

const utc = (sql: string) => (sql.includes("TIME ZONE") ? "TIMESTAMPTZ" : "TIMESTAMP");

export function textExpression({ name, type, sql }: SqlColumn): string {
  const column = quoted(name);
  if (type === "time")
    return sql === "DATE"
      ? `strftime(${column}, '%Y-%m-%d')`
      : `strftime(make_timestamp(epoch_us(CAST(${column} AS ${utc(sql)}))), '%Y-%m-%dT%H:%M:%S.%f')`;
  return `CAST(${column} AS VARCHAR)`;
}

/** Names and paths reach SQL only through these. */
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
export const parquet = (path: string) => `read_parquet(${literal(path)})`;
