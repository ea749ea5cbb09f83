import { quantile, sortedKnown } from "../stats/descriptive.ts";
import type { Column, StringColumn, Table } from "../table/table.ts";

/** Rows that share something: a value of a column, or a range of one. */
export interface Slice {
  readonly column: string;
  /** The value, "12 to 40", or "(missing)". */
  readonly value: string;
  readonly rows: Uint32Array;
}

const VALUES_PER_COLUMN = 20;
const SLICES = 100;

/**
 * Slices with at least `minRows` rows (30): the frequent values of text columns, the quarters of number columns, and missing. Columns
 * where most values occur once (keys, free text) and times are left out. At most 100, the largest ones.
 */
export function slicesOf(
  table: Table,
  options: { readonly minRows?: number; readonly columns?: readonly string[] } = {},
): readonly Slice[] {
  const minRows = options.minRows ?? 30;
  const names = options.columns ?? [...table.columns.keys()];
  return names
    .flatMap((name) => {
      const column = table.columns.get(name);
      return column === undefined ? [] : columnSlices(name, column);
    })
    .filter((slice) => slice.rows.length >= minRows && slice.rows.length < table.rows)
    .sort((a, b) => b.rows.length - a.rows.length)
    .slice(0, SLICES);
}

function columnSlices(name: string, column: Column): readonly Slice[] {
  if (column.type === "time") return [];
  const labels = column.type === "string" ? valueLabels(column) : quarterLabels(column.values);
  const groups = new Map<string, number[]>();
  for (const [row, label] of labels.entries()) {
    if (label === undefined) continue;
    const rows = groups.get(label);
    if (rows === undefined) groups.set(label, [row]);
    else rows.push(row);
  }
  return [...groups].map(([value, rows]) => ({
    column: name,
    value,
    rows: Uint32Array.from(rows),
  }));
}

function valueLabels({ codes, dictionary }: StringColumn): (string | undefined)[] {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const values = [...counts].filter(([code]) => code >= 0);
  if (values.length > codes.length / 2) return [];
  const frequent = values.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, VALUES_PER_COLUMN);
  const kept = new Map(frequent.map(([code]) => [code, dictionary[code]!]));
  return Array.from(codes, (code) => (code < 0 ? "(missing)" : kept.get(code)));
}

function quarterLabels(values: Float64Array): (string | undefined)[] {
  const sorted = sortedKnown(values);
  const edges = [...new Set([0, 0.25, 0.5, 0.75, 1].map((p) => quantile(sorted, p)))];
  if (edges.length === 1) return [];
  const names = edges.slice(1).map((high, i) => `${short(edges[i]!)} to ${short(high)}`);
  return Array.from(values, (x) => {
    if (Number.isNaN(x)) return "(missing)";
    // Quarters are closed above: (edge, next], the first one on both sides.
    const at = edges.findIndex((edge, i) => i > 0 && x <= edge);
    return names[at - 1];
  });
}

const short = (x: number): string => String(Number(x.toPrecision(4)));
