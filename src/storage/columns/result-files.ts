import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { DuckDBInstance } from "@duckdb/node-api";
import { MillwrightError } from "../../errors.ts";
import type { ResultPlace } from "./columns.ts";
import { joinParquet } from "./join-parquet.ts";
import { literal } from "./parquet-sql.ts";
import { resultFormat } from "./result-format.ts";

/** Rows of Parquet files with the same columns as one file, in the format its name says. */
export function publishTable(
  instance: DuckDBInstance,
  parts: readonly string[],
  place: ResultPlace,
): Promise<void> {
  const format = resultFormat(place.to);
  return publish(place, async (partial) => {
    if (format === "parquet") return joinParquet(parts, partial);
    const connection = await instance.connect();
    try {
      const files = parts.map(literal).join(", ");
      const how = format === "csv" ? "FORMAT csv, HEADER" : "FORMAT json";
      await connection.run(
        `COPY (SELECT * FROM read_parquet([${files}])) TO ${literal(partial)} (${how})`,
      );
    } finally {
      connection.closeSync();
    }
  });
}

export function publishText(chunks: AsyncIterable<Uint8Array>, place: ResultPlace): Promise<void> {
  return publish(place, async (partial) => {
    const file = await open(partial, "wx");
    try {
      for await (const chunk of chunks) await file.appendFile(chunk);
    } finally {
      await file.close();
    }
  });
}

async function publish(
  { to, token, makeFolder }: ResultPlace,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = `${to}.${token}.partial`;
  try {
    if (makeFolder) await mkdir(dirname(to), { recursive: true });
    await rm(partial, { force: true });
    await write(partial);
    await sync(partial);
    await rename(partial, to);
    if (process.platform !== "win32") await sync(dirname(to));
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    throw inWords(cause, to);
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function inWords(cause: unknown, to: string): unknown {
  if (cause instanceof MillwrightError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const says = (pattern: RegExp) => pattern.test(`${code} ${message}`);
  if (says(/ENOSPC|EDQUOT|No space left/))
    return new MillwrightError(
      "storage_full",
      `The disk is full: ${to} could not be written, and is as it was. What was computed is kept: free some space, then start again.`,
      { cause },
    );
  if (says(/ENOENT|ENOTDIR|EACCES|EROFS|EPERM|EISDIR|Cannot open file/))
    return new MillwrightError(
      "invalid_input",
      `${to} cannot be written: ${message.split("\n")[0]}. Name another file.`,
      { cause },
    );
  return cause;
}
