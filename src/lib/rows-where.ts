/** The rows of 0..rows-1 that are wanted, ascending. */
export function rowsWhere(rows: number, keep: (row: number) => boolean): Uint32Array<ArrayBuffer> {
  const found = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (keep(row)) found[count++] = row;
  return found.slice(0, count);
}
