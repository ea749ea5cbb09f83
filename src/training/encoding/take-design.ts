import type { Bag, Design } from "./encoding.ts";

/** The rows at `rows`, in that order. */
export function takeDesign(design: Design, rows: ArrayLike<number>): Design {
  const { width, dense } = design;
  const taken = new Float32Array(rows.length * width);
  // Value by value: rows are short, and a view of each costs more than its values.
  for (let i = 0, at = 0; i < rows.length; i++)
    for (let from = rows[i]! * width, k = 0; k < width; k++) taken[at++] = dense[from + k]!;
  return {
    ...design,
    rows: rows.length,
    dense: taken,
    bags: design.bags.map((bag) => takeBag(bag, rows)),
  };
}

function takeBag(bag: Bag, rows: ArrayLike<number>): Bag {
  const { offsets: starts } = bag;
  const offsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++)
    offsets[i + 1] = offsets[i]! + starts[rows[i]! + 1]! - starts[rows[i]!]!;
  const ids = new Uint32Array(offsets[rows.length]!);
  const values = new Float32Array(ids.length);
  for (let i = 0, at = 0; i < rows.length; i++) {
    const to = starts[rows[i]! + 1]!;
    for (let from = starts[rows[i]!]!; from < to; from++, at++) {
      ids[at] = bag.ids[from]!;
      values[at] = bag.values[from]!;
    }
  }
  return { ...bag, offsets, ids, values };
}
