import type { Training } from "./block.ts";

/** Rows' worth of the overall mean that every value's mean is mixed with. */
const SMOOTHING = 10;

export interface TargetMeans {
  /** One a column: `target`, or `class 0`, `class 1` … */
  readonly labels: readonly string[];
  /** size x labels.length, from all training rows. */
  readonly values: Float32Array;
  /** rows x labels.length: for each training row from the parts it is not in. */
  readonly crossFitted: Float32Array;
}

/**
 * (sum of target + SMOOTHING x overall mean) / (rows + SMOOTHING) for every id in 0..size-1 (Micci-Barreca 2001), cross-fitted
 * for the training rows: a row's own target in its own feature is the leak that makes target statistics overfit.
 */
export function targetMeans(ids: Uint32Array, size: number, training: Training): TargetMeans {
  const { target, task, classes, folds, parts } = training;
  const width = task === "multiclass" ? classes : 1;
  const rows = ids.length;
  const labels =
    task === "multiclass" ? Array.from({ length: width }, (_, k) => `class ${k}`) : ["target"];
  const values = new Float32Array(size * width);
  const crossFitted = new Float32Array(rows * width);
  for (let k = 0; k < width; k++) {
    // Last slot: all ids together.
    const sums = new Float64Array((size + 1) * parts);
    const counts = new Float64Array((size + 1) * parts);
    for (let i = 0; i < rows; i++) {
      const y = task === "multiclass" ? Number(target[i] === k) : target[i]!;
      const at = ids[i]! * parts + folds[i]!;
      const all = size * parts + folds[i]!;
      sums[at]! += y;
      counts[at]! += 1;
      sums[all]! += y;
      counts[all]! += 1;
    }
    const mean = (id: number, without: number): number => {
      const [s, n] = totals(sums, counts, id, parts, without);
      const [all, count] = totals(sums, counts, size, parts, without);
      const prior = count === 0 ? 0 : all / count;
      return (s + SMOOTHING * prior) / (n + SMOOTHING);
    };
    const held = new Float32Array(size * parts);
    for (let id = 0; id < size; id++) {
      values[id * width + k] = mean(id, -1);
      for (let part = 0; part < parts; part++) held[id * parts + part] = mean(id, part);
    }
    for (let i = 0; i < rows; i++) crossFitted[i * width + k] = held[ids[i]! * parts + folds[i]!]!;
  }
  return { labels, values, crossFitted };
}

function totals(
  sums: Float64Array,
  counts: Float64Array,
  id: number,
  parts: number,
  without: number,
): [number, number] {
  let [sum, count] = [0, 0];
  for (let part = 0; part < parts; part++) {
    if (part === without) continue;
    sum += sums[id * parts + part]!;
    count += counts[id * parts + part]!;
  }
  return [sum, count];
}
