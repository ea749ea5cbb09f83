/** The values at `rows`, in that order. */
export function valuesAt(values: Float64Array, rows: ArrayLike<number>): Float64Array<ArrayBuffer> {
  const found = new Float64Array(rows.length);
  for (let i = 0; i < found.length; i++) found[i] = values[rows[i]!]!;
  return found;
}
