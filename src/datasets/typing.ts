import { type ByteDictionary, byteDictionary } from "../table/byte-dictionary.ts";
import { cellNumber, cellTime, isMissing, whyNotNumber } from "../table/cell.ts";
import { type DateOrder, parseDate } from "../table/date.ts";
import { type Column, type Table, takeRows } from "../table/table.ts";
import { type BadRow, cellText, type TextBlock } from "../table/text-block.ts";
import type { ColumnType } from "./schema.ts";

export interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** How "1/7/2015" is to be read, in a time column. */
  readonly order: DateOrder;
  /** Where the column stands in the block; undefined when the source lacks it: all missing. */
  readonly at: number | undefined;
  /** false: a value that does not fit becomes missing, its row stays. For columns that nothing learns from. */
  readonly strict: boolean;
}

export interface TypedBlock {
  readonly table: Table;
  /** The block's own bad rows and those that did not fit the types, in file order. */
  readonly bad: readonly BadRow[];
  /** Values such as "inf" that became missing, by column name. */
  readonly notFinite: ReadonlyMap<string, number>;
}

/** A dictionary this large is given up for a fresh one: memory stays bounded on columns of free text. */
const LARGE_DICTIONARY = 50_000;

/**
 * Text to typed columns. A row is set aside, whole and with the reason, when a number or time column holds a text that is
 * neither a value nor a way to say "missing", or when `target` is missing.
 */
export function typist(columns: readonly TypedColumn[], target?: string) {
  const dictionaries: ByteDictionary[] = columns.map(() => byteDictionary());
  const parsed: number[][] = columns.map(() => []);
  return (block: TextBlock): TypedBlock => {
    const reasons = new Map<number, string>();
    const notFinite = new Map<string, number>();
    const { rows, width } = block;

    const numbers = (c: TypedColumn, at: number): Column => {
      const values = new Float64Array(rows);
      for (let r = 0, cell = at; r < rows; r++, cell += width) {
        const value = cellNumber(block, cell);
        values[r] = value;
        if (!Number.isNaN(value)) continue;
        const why = whyNotNumber(block, cell);
        if (why === "not_finite") notFinite.set(c.name, (notFinite.get(c.name) ?? 0) + 1);
        if (why === "text" && c.strict)
          refuse(r, `column '${c.name}': '${shown(block, cell)}' is not a number`);
      }
      return { type: "number", values };
    };
    const times = (c: TypedColumn, at: number, j: number): Column => {
      const values = new Float64Array(rows).fill(Number.NaN);
      for (let r = 0, cell = at; r < rows; r++, cell += width) {
        values[r] = cellTime(block, cell);
        if (!Number.isNaN(values[r]) || isMissing(block, cell)) continue;
        const code = lookup(dictionaries[j]!, block, cell);
        const cache = parsed[j]!;
        cache[code] ??= parseDate(dictionaries[j]!.texts[code]!.trim(), c.order);
        values[r] = cache[code]!;
        if (c.strict && Number.isNaN(values[r]) && whyNotNumber(block, cell) === "text")
          refuse(r, `column '${c.name}': '${shown(block, cell)}' is not a date or time`);
      }
      return { type: "time", values };
    };
    const strings = (at: number, j: number): Column => {
      const codes = new Int32Array(rows);
      for (let r = 0, cell = at; r < rows; r++, cell += width)
        codes[r] = isMissing(block, cell) ? -1 : lookup(dictionaries[j]!, block, cell);
      return { type: "string", codes, dictionary: dictionaries[j]!.texts };
    };
    const refuse = (row: number, reason: string) => {
      if (!reasons.has(row)) reasons.set(row, reason);
    };

    const typed = new Map<string, Column>();
    for (const [j, c] of columns.entries()) {
      if (dictionaries[j]!.texts.length > LARGE_DICTIONARY) {
        dictionaries[j] = byteDictionary();
        parsed[j] = [];
      }
      const column =
        c.at === undefined
          ? absent(c.type, rows)
          : c.type === "number"
            ? numbers(c, c.at)
            : c.type === "time"
              ? times(c, c.at, j)
              : strings(c.at, j);
      typed.set(c.name, column);
      if (c.name === target)
        for (let r = 0; r < rows; r++)
          if (missingAt(column, r)) refuse(r, `target '${target}' is missing`);
    }
    const refused = [...reasons].map(([row, reason]) => ({
      line: block.lines[row]!,
      reason,
      raw: asCsv(block, row),
    }));
    const bad = [...block.bad, ...refused].sort((a, b) => a.line - b.line);
    const kept = Array.from({ length: rows }, (_, r) => r).filter((r) => !reasons.has(r));
    const all = { rows, columns: typed };
    return { table: kept.length === rows ? all : takeRows(all, kept), bad, notFinite };
  };
}

const missingAt = (column: Column, row: number): boolean =>
  column.type === "string" ? column.codes[row]! < 0 : Number.isNaN(column.values[row]!);

const lookup = (dictionary: ByteDictionary, block: TextBlock, cell: number): number =>
  dictionary.code(block.bytes, block.starts[cell]!, block.ends[cell]!, block.escaped[cell] === 1);

function absent(type: ColumnType, rows: number): Column {
  if (type === "string") return { type, codes: new Int32Array(rows).fill(-1), dictionary: [] };
  return { type, values: new Float64Array(rows).fill(Number.NaN) };
}

const shown = (block: TextBlock, cell: number) => (cellText(block, cell) ?? "").slice(0, 80);

function asCsv(block: TextBlock, row: number): string {
  const cells = Array.from(
    { length: block.width },
    (_, c) => cellText(block, row * block.width + c) ?? "",
  );
  return cells
    .map((t) => (/[",\r\n]/.test(t) ? `"${t.replaceAll('"', '""')}"` : t))
    .join(",")
    .slice(0, 65536);
}
