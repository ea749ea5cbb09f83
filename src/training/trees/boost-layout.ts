/** Operations a boosting team executes. Member 0 writes their arguments to the control block and node records first. */
export const OP = {
  bin: 1,
  identity: 2,
  gradient: 3,
  softmax: 4,
  quantise: 5,
  hist: 6,
  scan: 7,
  partition: 8,
  leaves: 9,
} as const;

/** The control block: int32 words, then float64 words from byte `floatsAt`. */
export const CONTROL = {
  bytes: 256,
  floatsAt: 128,
  /** Node records in use; rows of the chunk to bin and its first row; see LOSS; class of the tree. */
  count: 0,
  rows: 1,
  row0: 2,
  loss: 3,
  target: 4,
  salt: 5,
  minH: 6,
  /** 1: leaves compute their Newton step; 0: it is in the record. */
  newton: 7,
  /** Columns of `rowBins`: bundles of features, or features. */
  columns: 8,
  /** float64: steps per unit of g and h; lambda and minimum gain in steps; residual clip; lambda; learning rate; factor of clipped residuals. */
  stepsG: 0,
  stepsH: 1,
  lambdaSteps: 2,
  minGainSteps: 3,
  delta: 4,
  lambda: 5,
  rate: 6,
  unit: 7,
} as const;

export const LOSS = { logistic: 0, softmax: 1, residual: 2 } as const;

/**
 * A node's record. Its sampled rows are idx[s, e); rows left out of the tree's sample, which only follow it, idx[us, ue).
 * `hist` and `scan` sum the node into `small` and subtract that from its parent's histogram `large` (0: a root), which so
 * becomes its sibling's. `partition` reads the split, writes the middles and decides side 2 (see Split); `leaves` reads or writes `value`, writes `cover`.
 */
export const NODE = {
  bytes: 128,
  s: 0,
  e: 1,
  us: 2,
  ue: 3,
  feature: 4,
  bin: 5,
  side: 6,
  mid: 7,
  umid: 8,
  small: 9,
  large: 10,
  /** float64 words. */
  value: 6,
  cover: 7,
  /** Bounds of the leaf weight, of the summed and the subtracted node: in steps for `scan`; for `leaves`, the first two. */
  lower: 8,
  upper: 9,
  largeLower: 10,
  largeUpper: 11,
} as const;

/** The best split a member found: f64 gain in steps; int32 words; f64 middle of the leaf weights. Two a node: small, large. */
export const RESULT = { bytes: 32, feature: 2, bin: 3, side: 4, missing: 5, middle: 3 } as const;

/**
 * 256 cells of 8 bytes and 64 bytes of nothing: processors tell loads from stores under way by the low 12 bits of the address, and
 * skewed columns have most rows in the same bin. Those cells must not be 4 KiB apart.
 */
export const COLUMN_BYTES = 2048 + 64;
/** Bytes of a row of `rowBins`. */
export const rowStride = (columns: number) => 4 * Math.ceil(columns / 4);
/** Each member keeps its maxima in a cache line of its own: f64 max |g|, max h. */
export const MAXIMA_BYTES = 64;

/** What stays the same during a fit: sizes, and byte offsets into the shared memory. */
export interface BoostLayout {
  readonly memory: WebAssembly.Memory;
  readonly rows: number;
  readonly width: number;
  readonly features: number;
  readonly blocks: number;
  /** Node records. */
  readonly slots: number;
  readonly classes: number;
  readonly control: number;
  readonly nodes: number;
  readonly results: number;
  readonly maxima: number;
  /** The chunk of the design being binned, float32 row-major. */
  readonly chunk: number;
  readonly used: number;
  readonly cuts: number;
  readonly cutCounts: number;
  readonly mask: number;
  /** int8 a feature, or 0: no monotone constraint. */
  readonly signs: number;
  /** uint8 [rows][rowStride]: what `hist` reads. */
  readonly rowBins: number;
  /** uint8 [features][rows]: what `part` reads. */
  readonly columnBins: number;
  readonly idx: number;
  readonly scratch: number;
  /** f64 [classes][rows]. */
  readonly margin: number;
  /** f64. */
  readonly y: number;
  /** f32, or 0. */
  readonly w: number;
  readonly probability: number;
  readonly gh: number;
  readonly q: number;
  /** A node's histogram: bytes, and where each feature's cells begin (int32 [features + 1]; `blocks` of four begin at multiples of 16). */
  readonly histogramBytes: number;
  readonly offsets: number;
  /** One histogram a member, for the part of a node whose first rows another member sums. */
  readonly own: number;
  /** COLUMN_BYTES a column of `rowBins` and member, 0 between nodes: rows are summed here. */
  readonly sums: number;
  /** What `collect` needs to make a node's histogram of that: see there. */
  readonly shapes: number;
  readonly cells: number;
}
