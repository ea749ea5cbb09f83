import type { Arena } from "../kernels/arena.ts";
import { instantiate } from "../kernels/instantiate.ts";
import { wasm } from "../kernels/trees.gen.ts";
import { type BoostLayout, rowStride } from "./boost-layout.ts";
import type { TreeKernels } from "./kernels.ts";

/**
 * Features that share one column of `rowBins`. A code stands for a combination of their bins that occurs in the rows: few do, even of
 * many features, where they are narrow, skewed (nearly always 0) or follow from each other (a category's mean and its frequency). So a
 * row is added to fewer cells, and to the same one over and over less often. A feature's histogram follows exactly, cells being
 * integers: its cell is the sum of the cells of all codes with its bin. (LightGBM bundles features that are never non-zero together:
 * Ke et al. 2017, "LightGBM", section 4. Codes of combinations ask nothing of the features.)
 */
export interface Bundle {
  /** Numbers among the used columns. */
  readonly features: readonly number[];
  /** Where the codes are: a byte a row. */
  readonly codes: number;
  /** For each feature the bin (0..255) behind each code. */
  readonly bins: readonly Uint8Array[];
}

const CODES = 256;
/** A feature is tried on this many bundles, the latest ones: the tries do not grow with the square of the number of features. */
const TRIES = 24;

const BINS = Uint8Array.from({ length: CODES }, (_, bin) => bin);

/** A feature of its own: codes are bins. */
const alone = ({ columnBins, rows }: BoostLayout, j: number): Bundle => ({
  features: [j],
  codes: columnBins + j * rows,
  bins: [BINS],
});

/** Puts each feature, the widest first, into the first bundle where not more than 256 combinations then occur. Allocates in `arena`. */
export function findBundles(layout: BoostLayout, arena: Arena): Bundle[] {
  const { memory, rows, features, columnBins, cutCounts } = layout;
  const K = instantiate<TreeKernels>(wasm, memory);
  const numbers = arena.alloc(CODES * CODES * 2);
  const pairsAt = arena.alloc(CODES * 2);
  let spare = arena.alloc(rows);
  K.clear(numbers, CODES * CODES * 2);
  const pairs = new Uint16Array(memory.buffer, pairsAt, CODES);
  const widths = new Int32Array(memory.buffer, cutCounts, features);
  const order = Array.from(widths, (_, j) => j).sort((a, b) => widths[b]! - widths[a]! || a - b);
  const bundles: Bundle[] = [];
  for (const j of order) {
    const column = columnBins + j * rows;
    let b = Math.max(0, bundles.length - TRIES);
    for (; b < bundles.length; b++) {
      const { features: others, codes, bins } = bundles[b]!;
      // The codes of a single feature are its bins, which must stay.
      const into = others.length === 1 ? spare : codes;
      const count = K.join(codes, column, rows, numbers, pairsAt, into);
      if (count === 0) continue;
      if (into === spare) spare = arena.alloc(rows);
      const of = pairs.slice(0, count);
      bundles[b] = {
        features: [...others, j],
        codes: into,
        bins: [
          ...bins.map((bin) => Uint8Array.from(of, (pair) => bin[pair >> 8]!)),
          Uint8Array.from(of, (pair) => pair & 255),
        ],
      };
      break;
    }
    if (b === bundles.length) bundles.push(alone(layout, j));
  }
  return bundles;
}

/** With fewer rows nodes have so few that taking the codes apart costs what they save (hotel bookings: even between 4,000 and 8,000 rows). */
const LEAST_ROWS = 8000;
/** Codes take up to half a byte a cell of bins while they are made: a fit that just fits into its 4 GiB shall not fail for them. */
const MOST_CELLS = 2 ** 29;
/** More bundles than this share of the features save too little: even at 0.8 with 8,000 rows. */
const WORTH = 0.75;

/**
 * Lets features share columns of `rowBins` where that is quicker, and writes down how to take their sums apart. Returns the number of
 * columns.
 */
export function bundleColumns(layout: BoostLayout, arena: Arena): number {
  const { memory, rows, features, rowBins } = layout;
  const mark = arena.mark();
  const large = rows >= LEAST_ROWS && rows * features <= MOST_CELLS;
  const bundles = large ? findBundles(layout, arena) : [];
  const worth = bundles.length > 0 && bundles.length <= WORTH * features;
  if (worth) {
    const K = instantiate<TreeKernels>(wasm, memory);
    const stride = rowStride(bundles.length);
    for (const [b, { codes }] of bundles.entries()) K.spread(codes, rows, rowBins + b, stride);
  }
  arena.reset(mark);
  const columns = worth ? bundles : Array.from({ length: features }, (_, j) => alone(layout, j));
  describe(layout, columns);
  return columns.length;
}

/** Writes what `collect` needs. */
function describe(layout: BoostLayout, columns: readonly Bundle[]): void {
  const { features } = layout;
  const { buffer } = layout.memory;
  const shapes = new Int32Array(buffer, layout.shapes, columns.length * 2);
  const cells = new Int32Array(buffer, layout.cells, features * CODES);
  const offsets = new Int32Array(buffer, layout.offsets, features);
  const cutCounts = new Int32Array(buffer, layout.cutCounts, features);
  let at = 0;
  for (const [b, { features: joined, bins }] of columns.entries()) {
    const first = joined[0]!;
    const single = joined.length === 1;
    shapes[2 * b] = single ? cutCounts[first]! + 1 : bins[0]!.length;
    shapes[2 * b + 1] = joined.length;
    if (single) cells[at++] = offsets[first]!;
    else
      for (let code = 0; code < bins[0]!.length; code++)
        // The cell of missing values, bin 255, follows that of the last bin.
        for (const [k, j] of joined.entries())
          cells[at++] = offsets[j]! + 8 * Math.min(bins[k]![code]!, cutCounts[j]! + 1);
  }
}
