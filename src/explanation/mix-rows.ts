import type { Column, Table } from "../table/table.ts";
import type { Sampling } from "./sampled.ts";

/** The rows a model is run on: each column from row `row` of `table`, or from a row of `background`. */
export function mixRows(
  names: readonly string[],
  { own, background, runs }: Sampling,
  from: { readonly table: Table; readonly row: number; readonly background: Table },
): Table {
  const columns = new Map<string, Column>();
  names.forEach((name, j) => {
    const theirs = from.background.columns.get(name);
    const mine = from.table.columns.get(name);
    if (theirs === undefined || mine === undefined) return;
    const isOwn = (run: number) => own[run * names.length + j] === 1;
    if (theirs.type === "string") {
      if (mine.type !== "string") return;
      const code = mine.codes[from.row]!;
      const added = theirs.dictionary.length;
      const codes = Int32Array.from({ length: runs }, (_, run) =>
        isOwn(run) ? (code < 0 ? -1 : added) : theirs.codes[background[run]!]!,
      );
      const dictionary =
        code < 0 ? theirs.dictionary : [...theirs.dictionary, mine.dictionary[code]!];
      columns.set(name, { type: "string", codes, dictionary });
    } else {
      if (mine.type === "string") return;
      const value = mine.values[from.row]!;
      const values = Float64Array.from({ length: runs }, (_, run) =>
        isOwn(run) ? value : theirs.values[background[run]!]!,
      );
      columns.set(name, { type: theirs.type, values });
    }
  });
  return { rows: runs, columns };
}
