/**
 * A table in memory: columns of equal length. Missing is NaN in numbers and times, code -1 in strings.
 * All arrays may lie on SharedArrayBuffers; treat them as read-only.
 */
export interface Table {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

export type Column = NumberColumn | TimeColumn | StringColumn;

export interface NumberColumn {
  readonly type: "number";
  readonly values: Float64Array;
}

/** Seconds since 1970-01-01T00:00:00Z. */
export interface TimeColumn {
  readonly type: "time";
  readonly values: Float64Array;
}

/** Dictionary-encoded text: `dictionary[codes[i]]`. Dictionary entries are distinct. */
export interface StringColumn {
  readonly type: "string";
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

export const numberColumn = (values: ArrayLike<number>): NumberColumn => ({
  type: "number",
  values: Float64Array.from(values),
});

export const timeColumn = (seconds: ArrayLike<number>): TimeColumn => ({
  type: "time",
  values: Float64Array.from(seconds),
});

export function stringColumn(values: readonly (string | null | undefined)[]): StringColumn {
  const index = new Map<string, number>();
  const codes = Int32Array.from(values, (value) => {
    if (value === null || value === undefined) return -1;
    const known = index.get(value);
    if (known !== undefined) return known;
    index.set(value, index.size);
    return index.size - 1;
  });
  return { type: "string", codes, dictionary: [...index.keys()] };
}

/** The rows at `indices`, in that order. Dictionaries are shared, not rebuilt. */
export function takeRows(table: Table, indices: ArrayLike<number>): Table {
  const n = indices.length;
  const take = (column: Column): Column => {
    if (column.type === "string") {
      const codes = new Int32Array(n);
      for (let i = 0; i < n; i++) codes[i] = column.codes[indices[i]!]!;
      return { ...column, codes };
    }
    const values = new Float64Array(n);
    for (let i = 0; i < n; i++) values[i] = column.values[indices[i]!]!;
    return { ...column, values };
  };
  return {
    rows: n,
    columns: new Map([...table.columns].map(([name, column]) => [name, take(column)])),
  };
}
