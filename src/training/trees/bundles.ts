import type { Arena } from "../kernels/arena.ts";
import { instantiate } from "../kernels/instantiate.ts";
import { wasm } from "../kernels/trees.gen.ts";
import { type BoostLayout, HISTOGRAM_BYTES, rowStride } from "./boost-layout.ts";
import type { TreeKernels } from "./kernels.ts";

/**
 * Columns that share one histogram. A code stands for a combination of their bins that occurs in the rows: few do, even of many
 * columns, where columns are narrow, skewed (nearly always 0) or follow from each other (a category's mean and its frequency). So a
 * row is added to fewer cells, and to one cell over and over less often. A column's histogram follows exactly, cells being integers: its
 * cell is the sum of the cells of all codes with its bin. (LightGBM bundles columns that are never non-zero together: Ke et al. 2017,
 * "LightGBM", section 4. Codes of combinations ask nothing of the columns.)
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
/** A column is tried on this many bundles, the latest ones: the tries do not grow with the square of the number of columns. */
const TRIES = 24;

/** Puts each column, the widest first, into the first bundle where not more than 256 combinations then occur. Allocates in `arena`. */
export function findBundles(
  { memory, rows, features, columnBins, cutCounts }: BoostLayout,
  arena: Arena,
): Bundle[] {
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
      // The codes of a single column are its bins, which must stay.
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
    if (b === bundles.length)
      bundles.push({
        features: [j],
        codes: column,
        bins: [Uint8Array.from({ length: CODES }, (_, code) => code)],
      });
  }
  return bundles;
}

/** With fewer rows nodes have so few that taking the codes apart costs what they save (hotel bookings: even at 4,000 rows). */
const LEAST_ROWS = 10_000;
/** Codes take up to half a byte a cell of bins while they are made: a fit that just fits into its 4 GiB shall not fail for them. */
const MOST_CELLS = 2 ** 29;
/** More bundles than this share of the columns save too little. */
const WORTH = 0.75;

/**
 * Lets columns share histograms where that is quicker: writes codes over the row-major bins, and how to take them apart. Returns the
 * number of bundles, or 0: all stays as it is.
 */
export function bundleColumns(layout: BoostLayout, arena: Arena): number {
  const { memory, rows, features, rowBins } = layout;
  if (rows < LEAST_ROWS || rows * features > MOST_CELLS) return 0;
  const mark = arena.mark();
  const bundles = findBundles(layout, arena);
  if (bundles.length > WORTH * features) {
    arena.reset(mark);
    return 0;
  }
  const K = instantiate<TreeKernels>(wasm, memory);
  const stride = rowStride(bundles.length);
  for (const [b, { codes }] of bundles.entries()) K.spread(codes, rows, rowBins + b, stride);
  arena.reset(mark);
  const shapes = new Int32Array(memory.buffer, layout.bundleShapes, bundles.length * 2);
  const cells = new Int32Array(memory.buffer, layout.bundleCells, features * CODES);
  let cell = 0;
  for (const [b, { features: joined, bins }] of bundles.entries()) {
    const codes = bins[0]!.length;
    shapes.set([codes, joined.length], 2 * b);
    for (let code = 0; code < codes; code++)
      for (const [k, j] of joined.entries())
        cells[cell++] = j * HISTOGRAM_BYTES + bins[k]![code]! * 8;
  }
  return bundles.length;
}
