import type { Table } from "../table/table.ts";
import { sampleRows } from "../training/sample-rows.ts";
import { columnNamed } from "../training/training-data.ts";
import type { Enough, Levels } from "./family.ts";
import { levelValue, memberName } from "./member-name.ts";
import { TEST } from "./parts.ts";

/** Rows of one member. */
export interface Group {
  readonly name: string;
  readonly values: readonly string[];
  /** Ascending; of a large member a sample. */
  readonly rows: Uint32Array;
  /** How many rows it has for training and for the test. */
  readonly train: number;
  readonly test: number;
}

export interface Grouped {
  /** With rows enough to be drawn to the parent; those under one parent follow one another: a chunk loads few parents. */
  readonly members: readonly Group[];
  /** How many have fewer: they are answered by their parents. */
  readonly thin: number;
}

/** The members of a level. @param only these, all when left out. */
export function membersOf(
  table: Table,
  parts: Int8Array,
  of: {
    readonly family: string;
    readonly levels: Levels;
    readonly level: number;
    readonly enough: Enough;
    readonly only?: ReadonlySet<string> | undefined;
    readonly most: { readonly rows: number; readonly seed: number };
  },
): Grouped {
  const columns = of.levels[of.level]!.map((name) => codesOf(table, name));
  const index = new Map<string, { values: string[]; rows: number[]; train: number }>();
  for (let row = 0; row < table.rows; row++) {
    const codes = columns.map(({ codes }) => codes[row]!);
    if (codes.includes(-1)) continue;
    const key = codes.join();
    let group = index.get(key);
    if (group === undefined) {
      group = { values: columns.map(({ names }, c) => names[codes[c]!]!), rows: [], train: 0 };
      index.set(key, group);
    }
    group.rows.push(row);
    if (parts[row] !== TEST) group.train++;
  }
  // The coarsest first; the columns of a group's first row stand for it.
  const above = of.levels
    .slice(of.level + 1)
    .toReversed()
    .flat();
  const codesAbove = [...new Set(above)].map((name) => codesOf(table, name).codes);
  const found = [...index.values()]
    .map(({ values, rows, train }) => ({
      ...{ values, train, test: rows.length - train },
      under: codesAbove.map((codes) => codes[rows[0]!]).join(),
      rows: sampleRows(Uint32Array.from(rows), of.most.rows, of.most.seed),
      name: memberName(of.family, of.level, values),
    }))
    .filter(({ name }) => of.only?.has(name) ?? true)
    .sort((a, b) => compare(a.under, b.under) || compare(a.name, b.name));
  const big = ({ train }: { readonly train: number }) => train >= of.enough.shrink;
  return {
    members: found.filter(big),
    thin: found.filter((group) => !big(group)).length,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A column's values as numbers into a list of texts; -1 where missing. */
function codesOf(
  table: Table,
  name: string,
): { readonly codes: Int32Array; readonly names: readonly string[] } {
  const column = columnNamed(table, name);
  const names: string[] = [];
  const index = new Map<number, number>();
  const codes = new Int32Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    const raw = column.type === "string" ? column.codes[row]! : column.values[row]!;
    let code = index.get(raw);
    if (code === undefined) {
      const text = levelValue(column.type === "string" ? column.dictionary[raw] : raw);
      code = text === undefined ? -1 : names.push(text) - 1;
      index.set(raw, code);
    }
    codes[row] = code;
  }
  return { codes, names };
}
