/** What runs of a model cost, learned while it serves. Times in milliseconds. */
export interface RunCost {
  learn(rows: number, ms: number): void;
  /** Of a run of so many rows; undefined before the first. */
  predict(rows: number): number | undefined;
  /** How many rows a run may have that is to end within `ms`; at least 1, infinite while nothing is known. */
  rowsWithin(ms: number): number;
  /** Whether rows of several callers should share a run. */
  readonly sharingPays: boolean;
}

/** Older runs count less: after 50 runs a third. */
const DECAY = 0.98;
/** Below this part of the cost of one row, the fixed part is not worth waiting for the rows of others. */
const MIN_FIXED_SHARE = 0.15;

/**
 * time = fixed + each × rows, fitted by least squares over the latest runs. Small models are all fixed cost (a call into ONNX
 * Runtime for Node takes 15 to 50 µs), so 30 callers together pay for one; of an image model a row costs the same in any
 * company, and whoever came first would only wait for the others.
 */
export function runCost(): RunCost {
  let [weight, rowsSum, msSum, rowsSquared, product] = [0, 0, 0, 0, 0];
  let fixed = 0;
  let each = 0;

  function fit(): void {
    const spread = weight * rowsSquared - rowsSum * rowsSum;
    // Runs of one size say nothing about the parts: all of it might be fixed.
    each = spread > 1e-9 * rowsSquared * weight ? (weight * product - rowsSum * msSum) / spread : 0;
    each = Math.max(0, Math.min(each, msSum / rowsSum));
    fixed = Math.max(0, (msSum - each * rowsSum) / weight);
  }

  return {
    learn(rows, ms) {
      weight = weight * DECAY + 1;
      rowsSum = rowsSum * DECAY + rows;
      msSum = msSum * DECAY + ms;
      rowsSquared = rowsSquared * DECAY + rows * rows;
      product = product * DECAY + rows * ms;
      fit();
    },
    predict: (rows) => (weight === 0 ? undefined : fixed + each * rows),
    rowsWithin(ms) {
      if (each === 0) return Number.POSITIVE_INFINITY;
      // However large the fixed part, fewer rows would only pay it more often.
      return Math.max(1, Math.floor(Math.max(ms - fixed, ms / 2) / each));
    },
    get sharingPays() {
      return weight === 0 || fixed >= MIN_FIXED_SHARE * (fixed + each);
    },
  };
}
