import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { copyFile, rename, rm } from "node:fs/promises";
import { MillwrightError } from "../errors.ts";
import type { Signature } from "../onnx/signature.ts";
import type { ScoredRow } from "../pipelines/score-source.ts";
import type { ColumnSpec, Columns } from "../storage/columns/columns.ts";
import { type Column, numberColumn, stringColumn } from "../table/table.ts";

/** Where scored rows go. The file appears under its name when it is complete. */
export interface ScoreOutput {
  write(rows: readonly ScoredRow[]): Promise<void>;
  finish(): Promise<void>;
  abort(): Promise<void>;
}

interface Shape {
  /** Names of the source's columns. */
  readonly names: readonly string[];
  /** Names of the columns that are added: the label, then one per number of the output. */
  readonly added: readonly string[];
}

/** Names of the added columns, none of which the source has already (`prediction_2` beside a column `prediction`). */
export function addedNames(
  { task, classes }: Pick<Signature, "task" | "classes">,
  names: readonly string[],
): string[] {
  const outputs = task === "binary" ? classes.slice(1) : classes;
  const wanted = task === "regression" ? ["value"] : outputs.map((name) => `probability_${name}`);
  const taken = new Set(names);
  return ["prediction", ...wanted].map((name) => {
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name}_${n}`;
    taken.add(free);
    return free;
  });
}

export async function scoreOutput(
  path: string,
  columns: Columns,
  shape: Shape,
): Promise<ScoreOutput> {
  if (/\.parquet$/i.test(path)) return parquetOutput(path, columns, shape);
  if (/\.csv$/i.test(path))
    return textOutput(path, csvLine([...shape.names, ...shape.added]), (row) =>
      csvLine([...row.values, row.label, ...row.output]),
    );
  if (/\.(jsonl|ndjson)$/i.test(path)) {
    const names = [...shape.names, ...shape.added];
    return textOutput(path, undefined, (row) => {
      const values = [...row.values, row.label, ...row.output];
      return JSON.stringify(Object.fromEntries(names.map((name, i) => [name, values[i] ?? null])));
    });
  }
  throw new MillwrightError(
    "invalid_input",
    `"${path}" is no name for a result: end it in .csv, .jsonl or .parquet.`,
  );
}

function textOutput(
  path: string,
  head: string | undefined,
  line: (row: ScoredRow) => string,
): ScoreOutput {
  const partial = `${path}.partial`;
  const stream = createWriteStream(partial);
  const failed = new Promise<never>((_, reject) => stream.once("error", reject));
  failed.catch(() => {});
  const push = async (text: string): Promise<void> => {
    if (!stream.write(text)) await Promise.race([once(stream, "drain"), failed]);
  };
  let begun = head === undefined;
  return {
    async write(rows) {
      if (!begun) await push(`${head}\n`);
      begun = true;
      if (rows.length > 0) await push(`${rows.map(line).join("\n")}\n`);
    },
    async finish() {
      if (!begun) await push(`${head}\n`);
      stream.end();
      await Promise.race([once(stream, "finish"), failed]);
      await rename(partial, path);
    },
    async abort() {
      stream.destroy();
      await rm(partial, { force: true });
    },
  };
}

async function parquetOutput(
  path: string,
  columns: Columns,
  { names, added }: Shape,
): Promise<ScoreOutput> {
  let specs: ColumnSpec[] | undefined;
  let writer: Awaited<ReturnType<Columns["writer"]>> | undefined;
  return {
    async write(rows) {
      // A block of which every row was rejected says nothing about the type of the label.
      if (rows.length === 0) return;
      const label = typeof rows[0]?.label === "number" ? "number" : "string";
      specs ??= [
        ...names.map((name) => ({ name, type: "string" as const })),
        ...added.map((name, i) => ({
          name,
          type: i === 0 ? (label as "number" | "string") : ("number" as const),
        })),
      ];
      writer ??= await columns.writer(specs);
      const made: [string, Column][] = names.map((name, j) => [
        name,
        stringColumn(rows.map((row) => row.values[j])),
      ]);
      added.forEach((name, i) => {
        const numbers = i > 0 || label === "number";
        made.push([
          name,
          numbers
            ? numberColumn(
                rows.map((row) =>
                  i === 0 ? Number(row.label) : (row.output[i - 1] ?? Number.NaN),
                ),
              )
            : stringColumn(rows.map((row) => String(row.label))),
        ]);
      });
      await writer.append({ rows: rows.length, columns: new Map(made) });
    },
    async finish() {
      if (!writer) throw new MillwrightError("invalid_data", "There is no row to write.");
      const file = await writer.finish();
      await copyFile(file.path, path);
      await file.discard();
    },
    async abort() {
      await writer?.abort();
    },
  };
}

const csvLine = (values: readonly (string | number | undefined)[]): string =>
  values
    .map((value) => {
      const text = value === undefined ? "" : String(value);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(",");
