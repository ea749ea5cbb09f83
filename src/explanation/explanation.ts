import type { Json } from "../lib/json.ts";

/** Why a model said what it said about one row: `base` + all contributions = `said`, in `unit`. */
export interface Explanation {
  /** What it says on average over `background`. */
  readonly base: number;
  /** What it said about this row. */
  readonly said: number;
  /** Classes: `base` as a probability, where it is one on another scale. */
  readonly baseProbability?: number | undefined;
  /** One per column of the signature, the largest first. */
  readonly contributions: readonly Contribution[];
  /** log-odds of one class of several: against the (geometric) mean of all classes. */
  readonly unit: "log-odds" | "probability" | "target";
  /** Which class is explained; undefined for regression. */
  readonly of: string | undefined;
  /** tree, linear, enumeration: exact. permutation: estimated from random orders of the columns. */
  readonly method: "tree" | "linear" | "enumeration" | "permutation";
  /** Half-width of the 95 % interval of a contribution, the widest; 0 = exact. */
  readonly error: number;
  /** What the row is compared with. */
  readonly background: Background;
  /** Rows the model was run on for this explanation; 0: it was read instead. */
  readonly runs: number;
}

export interface Contribution {
  readonly column: string;
  /** The row's value. */
  readonly value: Json;
  readonly contribution: number;
  /** Of a text: the words that pushed this way, the strongest first. */
  readonly words?: string[];
}

/**
 * training: all training rows, by the counts the trees keep. rows: this many of the training rows (or given in their place).
 * missing: a row without any value, zeros: of an imported model, a row of zeros and empty texts; both for want of rows.
 */
export interface Background {
  readonly kind: "training" | "rows" | "missing" | "zeros";
  readonly rows: number;
}
