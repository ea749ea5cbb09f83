import type { Random } from "../../lib/random.ts";
import { sortFloats } from "../../lib/sort-floats.ts";
import type { Design } from "../encoding/encoding.ts";
import type { Arena } from "../kernels/arena.ts";

/** Quantiles come from this many rows at most: some 200 rows a bin. */
const SAMPLE = 50_000;

export interface Bins {
  /** Dense columns that can be split at all, ascending; a constant column is in no histogram. */
  readonly used: Int32Array;
  /** Per used column, ascending: bin of x = number of cuts < x, so `bin <= b` is `x <= cuts[b]`. */
  readonly cuts: readonly Float32Array[];
}

/**
 * For at most 255 bins of present values (bin 255 holds the missing ones): cuts at quantiles of a sample of rows, half-way between
 * neighbouring values; every distinct value its own bin where they are not more than `maxBins`.
 * @param few where rows are few: at most so many bins, of neighbouring distinct values.
 */
export function findBins(design: Design, maxBins: number, rng: Random, few = maxBins): Bins {
  const { width } = design;
  const rows = sampleRows(design.rows, rng);
  const used: number[] = [];
  const cuts: Float32Array[] = [];
  const present = Array.from({ length: Math.min(width, AT_ONCE) }, () => {
    return new Float32Array(rows.length);
  });
  for (let first = 0; first < width; first += AT_ONCE)
    gather(design, rows, first, present).forEach((column, at) => {
      const j = first + at;
      const c = cutsOf(sortFloats(column), maxBins, few);
      // One value and some missing: the split "present or missing" is left.
      if (c.length === 0 && !(column.length > 0 && hasMissing(design, j))) return;
      used.push(j);
      cuts.push(c);
    });
  return { used: Int32Array.from(used), cuts };
}

/** Columns gathered in one pass over the rows: a line of the processor's cache holds 16 numbers. */
const AT_ONCE = 16;

/** What is present in up to AT_ONCE columns, from `first` on, of these rows; views of `into`. */
function gather(
  { width, dense }: Design,
  rows: Int32Array,
  first: number,
  into: readonly Float32Array[],
): Float32Array[] {
  const columns = Math.min(AT_ONCE, width - first);
  const counts = new Int32Array(columns);
  for (const row of rows) {
    const from = row * width + first;
    for (let k = 0; k < columns; k++) {
      const x = dense[from + k]!;
      if (!Number.isNaN(x)) into[k]![counts[k]!++] = x;
    }
  }
  return Array.from(counts, (count, k) => into[k]!.subarray(0, count));
}

/** Cuts of one sorted column without NaN. */
export function cutsOf(sorted: Float32Array, maxBins: number, few = maxBins): Float32Array {
  const values: number[] = [];
  const n = sorted.length;
  let distinct = 0;
  for (let i = 0; i < n && distinct <= maxBins; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  if (distinct <= maxBins) {
    for (let i = 1; i < n; i++)
      if (sorted[i] !== sorted[i - 1]) values.push(between(sorted[i - 1]!, sorted[i]!));
    if (distinct <= few) return Float32Array.from(values);
    return Float32Array.from(
      { length: few - 1 },
      (_, b) => values[Math.floor(((b + 1) * distinct) / few) - 1]!,
    );
  }
  // The end of each quantile, then the next larger value; a value that fills several quantiles gives one cut.
  let last = 0;
  const most = Math.min(few, maxBins);
  for (let b = 1; b < most; b++) {
    let i = Math.floor((b * n) / most) - 1;
    if (i < last) continue;
    while (i + 1 < n && sorted[i + 1] === sorted[i]) i++;
    if (i + 1 >= n) break;
    values.push(between(sorted[i]!, sorted[i + 1]!));
    last = i + 1;
  }
  return Float32Array.from(values);
}

/** A float32 c with a <= c < b. */
function between(a: number, b: number): number {
  const middle = Math.fround((a + b) / 2);
  return middle >= a && middle < b ? middle : a;
}

function hasMissing({ rows, width, dense }: Design, column: number): boolean {
  for (let i = 0; i < rows; i++) {
    if (Number.isNaN(dense[i * width + column])) return true;
  }
  return false;
}

/** Ascending row numbers: all, or a sample without replacement (Knuth's algorithm S). */
function sampleRows(rows: number, rng: Random): Int32Array {
  if (rows <= SAMPLE) return Int32Array.from({ length: rows }, (_, i) => i);
  const picked = new Int32Array(SAMPLE);
  for (let i = 0, k = 0; k < SAMPLE; i++) if (rng.next() * (rows - i) < SAMPLE - k) picked[k++] = i;
  return picked;
}

/** Designs reach the kernels in chunks of about this size, so that binning needs no second copy of them. */
const CHUNK_BYTES = 2 ** 20;

const chunkRows = ({ rows, width }: Design) =>
  Math.min(rows, Math.max(256, Math.floor(CHUNK_BYTES / (4 * width))));

export const chunkBytes = (design: Design): number => chunkRows(design) * design.width * 4;

/** Copies the dense rows, chunk by chunk, to `at` and calls `bin` on each. */
export function forEachChunk(
  design: Design,
  arena: Arena,
  at: number,
  bin: (rows: number, row0: number) => void,
): void {
  const { rows, width, dense } = design;
  const step = chunkRows(design);
  const chunk = new Float32Array(arena.memory.buffer, at, step * width);
  for (let row0 = 0; row0 < rows; row0 += step) {
    const count = Math.min(step, rows - row0);
    chunk.set(dense.subarray(row0 * width, (row0 + count) * width));
    bin(count, row0);
  }
}

/** Writes what the kernels need of bins: columns (int32), cuts padded to 256 float32 with +Infinity, and their counts (int32). */
export function writeBins(
  bins: Bins,
  { buffer }: WebAssembly.Memory,
  at: { readonly used: number; readonly cuts: number; readonly cutCounts: number },
): void {
  const features = bins.used.length;
  new Int32Array(buffer, at.used, features).set(bins.used);
  const cuts = new Float32Array(buffer, at.cuts, features * 256).fill(Number.POSITIVE_INFINITY);
  const counts = new Int32Array(buffer, at.cutCounts, features);
  bins.cuts.forEach((c, j) => {
    cuts.set(c, j * 256);
    counts[j] = c.length;
  });
}
