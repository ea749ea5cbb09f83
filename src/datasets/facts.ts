import type { Column, Table } from "../table/table.ts";
import type { ColumnSchema } from "./schema.ts";

/** What the rows of a dataset hold, counted exactly while they stream by. */
export interface ColumnFacts {
  readonly missing: number;
  /** Numbers and times; NaN when there is no value. */
  readonly min: number;
  readonly max: number;
  /** Categories and text targets: rows by value; undefined for others, and beyond `MOST_VALUES` values. */
  readonly values: ReadonlyMap<string, number> | undefined;
  /** Rows outside the schema's range, with a few values. */
  readonly outside: number;
  readonly outsideExamples: readonly string[];
}

export interface Facts {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, ColumnFacts>;
}

const MOST_VALUES = 20_000;

export function factCounter(schema: readonly ColumnSchema[]) {
  const counters = schema.map((c) => ({ name: c.name, ...counter(c) }));
  let rows = 0;
  return {
    add(table: Table): void {
      rows += table.rows;
      for (const c of counters) c.add(table.columns.get(c.name)!);
    },
    finish: (): Facts => ({ rows, columns: new Map(counters.map((c) => [c.name, c.facts()])) }),
  };
}

function counter({ role, range }: ColumnSchema) {
  let [missing, min, max, outside] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const outsideExamples: string[] = [];
  let values = role === "category" || role === "target" ? new Map<string, number>() : undefined;
  return {
    add(column: Column): void {
      if (column.type === "string") {
        const counts = new Float64Array(column.dictionary.length);
        for (const code of column.codes) {
          if (code < 0) missing++;
          else counts[code]!++;
        }
        if (values)
          for (let k = 0; k < counts.length; k++)
            if (counts[k]! > 0)
              values.set(
                column.dictionary[k]!,
                (values.get(column.dictionary[k]!) ?? 0) + counts[k]!,
              );
        if (values && values.size > MOST_VALUES) values = undefined;
        return;
      }
      for (const v of column.values) {
        if (Number.isNaN(v)) {
          missing++;
          continue;
        }
        if (v < min) min = v;
        if (v > max) max = v;
        if (range && (v < range.min || v > range.max)) {
          outside++;
          if (outsideExamples.length < 5) outsideExamples.push(String(v));
        }
        if (values) {
          values.set(String(v), (values.get(String(v)) ?? 0) + 1);
          if (values.size > MOST_VALUES) values = undefined;
        }
      }
    },
    facts: (): ColumnFacts => ({
      missing,
      min: min === Number.POSITIVE_INFINITY ? Number.NaN : min,
      max: max === Number.NEGATIVE_INFINITY ? Number.NaN : max,
      values,
      outside,
      outsideExamples,
    }),
  };
}
