import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A file as text cells: what is cut into training and test before anybody has typed anything. */
export interface Cells {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function readCells(path: string, delimiter = ",", header?: readonly string[]): Cells {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const rows = delimiter === "\t" ? plainLines(text, delimiter) : quotedLines(text, delimiter);
  return header ? { names: header, rows } : { names: rows[0]!, rows: rows.slice(1) };
}

/** Always with a header line and commas. */
export function writeCells(path: string, { names, rows }: Cells): void {
  const line = (cells: readonly string[]) =>
    cells.map((c) => (/[",\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c)).join(",");
  writeFileSync(path, `${[names, ...rows].map(line).join("\n")}\n`);
}

const plainLines = (text: string, delimiter: string): string[][] =>
  text
    .split(/\r?\n/)
    .filter((line) => line !== "")
    .map((line) => line.split(delimiter));

/** RFC 4180. */
function quotedLines(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let [row, cell, quoted] = [[] as string[], "", false];
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[i++];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === delimiter || c === "\n") {
      row.push(cell);
      cell = "";
      if (c === "\n") {
        rows.push(row);
        row = [];
      }
    } else if (c !== "\r") cell += c;
  }
  if (cell !== "" || row.length > 0) rows.push([...row, cell]);
  return rows;
}

export function sortedBy(cells: Cells, key: (row: (name: string) => string) => number): Cells {
  const keyed = cells.rows.map((row, at) => ({ row, at, by: key(cellOf(cells.names, row)) }));
  keyed.sort((a, b) => a.by - b.by || a.at - b.at);
  return { ...cells, rows: keyed.map(({ row }) => row) };
}

export const cellOf =
  (names: readonly string[], row: readonly string[]) =>
  (name: string): string =>
    row[names.indexOf(name)]!;

/** The last `count` columns, of which one is "1" in each row, as one column that says which. */
export function foldOneHot({ names, rows }: Cells, count: number, name: string): Cells {
  const from = names.length - count;
  return {
    names: [...names.slice(0, from), name],
    rows: rows.map((row) => [
      ...row.slice(0, from),
      names[from + row.slice(from).findIndex((cell) => Number(cell) === 1)]!,
    ]),
  };
}
