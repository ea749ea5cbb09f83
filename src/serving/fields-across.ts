import type { RowFields } from "./route.ts";

const known = new WeakMap<object, WeakMap<RowFields, RowFields>>();

/**
 * What rows sent for one model may carry when another answers, beside that one's columns: key and time of the model that was
 * asked, else of the one that answers, and everything that either would have taken.
 * @param columns of the model that was asked. undefined: not known; then any field of the rows may be there.
 */
export function fieldsAcross(
  asked: RowFields,
  other: RowFields,
  columns: readonly string[] | undefined,
  rows: readonly unknown[],
): RowFields {
  if (columns === undefined) return merged(asked, other, namesIn(rows));
  // Members of a family without a version are asked in great numbers: the same object lets the gateway reuse what it made of it.
  if (columns.length > 0) return merged(asked, other, columns);
  const perOther = known.get(asked) ?? new WeakMap<RowFields, RowFields>();
  known.set(asked, perOther);
  const made = perOther.get(other) ?? merged(asked, other, []);
  perOther.set(other, made);
  return made;
}

function merged(asked: RowFields, other: RowFields, columns: readonly string[]): RowFields {
  const key = asked.key ?? other.key;
  const time = asked.time ?? other.time;
  const also = [asked.key, asked.time, other.key, other.time].filter((name) => name !== undefined);
  const pass = [...new Set([...columns, ...(asked.pass ?? []), ...(other.pass ?? []), ...also])];
  return { key, time, pass };
}

function namesIn(rows: readonly unknown[]): string[] {
  const names = new Set<string>();
  for (const row of rows)
    if (typeof row === "object" && row !== null)
      for (const name of Object.keys(row)) names.add(name);
  return [...names];
}
