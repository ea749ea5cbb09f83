import type { Bag, Design } from "./encoding.ts";

/** The rows at `rows`, in that order. */
export function takeDesign(design: Design, rows: ArrayLike<number>): Design {
  const { width, dense } = design;
  const taken = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    taken.set(dense.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  return {
    ...design,
    rows: rows.length,
    dense: taken,
    bags: design.bags.map((bag) => takeBag(bag, rows)),
  };
}

function takeBag(bag: Bag, rows: ArrayLike<number>): Bag {
  const offsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++)
    offsets[i + 1] = offsets[i]! + bag.offsets[rows[i]! + 1]! - bag.offsets[rows[i]!]!;
  const ids = new Uint32Array(offsets[rows.length]!);
  const values = new Float32Array(ids.length);
  for (let i = 0; i < rows.length; i++) {
    const [from, to] = [bag.offsets[rows[i]!]!, bag.offsets[rows[i]! + 1]!];
    ids.set(bag.ids.subarray(from, to), offsets[i]!);
    values.set(bag.values.subarray(from, to), offsets[i]!);
  }
  return { ...bag, offsets, ids, values };
}
