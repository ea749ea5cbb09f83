import type { Bag, Design } from "../encoding/encoding.ts";

/** Inputs further out are pulled in: a network goes on in a straight line for ever. */
export const LIMIT = 20;

/** What the network takes of a design: the dense columns that varied in training, and all bags as one. */
export interface Inputs {
  readonly rows: number;
  /** rows x kept columns, within ±LIMIT. */
  readonly dense: Float32Array;
  /** Ids are counted through all bags; undefined when there are none. */
  readonly bag: Bag | undefined;
}

/** Dense columns that are not the same in all rows. */
export function varyingColumns({ rows, width, dense }: Design): number[] {
  return Array.from({ length: width }, (_, j) => j).filter((j) => {
    for (let i = 1; i < rows; i++) if (dense[i * width + j] !== dense[j]) return true;
    return false;
  });
}

export function inputsOf(design: Design, kept: readonly number[]): Inputs {
  const { rows, width } = design;
  const dense = new Float32Array(rows * kept.length);
  for (let i = 0, p = 0; i < rows; i++)
    for (const j of kept)
      dense[p++] = Math.max(-LIMIT, Math.min(LIMIT, design.dense[i * width + j]!));
  return { rows, dense, bag: oneBag(design) };
}

function oneBag({ rows, bags }: Design): Bag | undefined {
  if (bags.length === 0) return undefined;
  const offsets = new Uint32Array(rows + 1);
  for (let i = 0; i < rows; i++) {
    offsets[i + 1] = offsets[i]!;
    for (const bag of bags) offsets[i + 1]! += bag.offsets[i + 1]! - bag.offsets[i]!;
  }
  const ids = new Uint32Array(offsets[rows]!);
  const values = new Float32Array(ids.length);
  const at = offsets.slice(0, rows);
  let first = 0;
  for (const bag of bags) {
    for (let i = 0; i < rows; i++)
      for (let p = bag.offsets[i]!; p < bag.offsets[i + 1]!; p++) {
        const to = at[i]!++;
        ids[to] = first + bag.ids[p]!;
        values[to] = bag.values[p]!;
      }
    first += bag.size;
  }
  return { name: "", size: first, offsets, ids, values };
}
