import { random } from "../../lib/random.ts";
import type { Task } from "../../lib/task.ts";
import type { Design } from "../encoding/encoding.ts";

/** Rows for learning and for watching, ascending. */
export interface HoldOut {
  readonly learn: Int32Array;
  readonly watch: Int32Array;
}

/** A seeded share of the rows, of each class the same share. Undefined when too little would be left on either side. */
export function holdOut(
  target: Float64Array,
  task: Task,
  share: number,
  seed: number,
  minimum: number,
): HoldOut | undefined {
  const groups = new Map<number, number[]>();
  target.forEach((y, i) => {
    const key = task === "regression" ? 0 : y;
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  });
  const watch = new Set<number>();
  for (const [key, rows] of groups) {
    const shuffled = random(seed).split("hold-out").split(key).shuffle(Int32Array.from(rows));
    for (const i of shuffled.subarray(0, Math.floor(rows.length * share))) watch.add(i);
  }
  if (watch.size < minimum) return undefined;
  const all = Int32Array.from(target, (_, i) => i);
  return { learn: all.filter((i) => !watch.has(i)), watch: all.filter((i) => watch.has(i)) };
}

/** The dense part of some rows. */
export function denseRows(design: Design, rows: Int32Array): Design {
  const { width, dense, names } = design;
  const copy = new Float32Array(rows.length * width);
  rows.forEach((r, i) => {
    copy.set(dense.subarray(r * width, (r + 1) * width), i * width);
  });
  return { rows: rows.length, width, dense: copy, names, bags: [] };
}
