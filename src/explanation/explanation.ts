import type { Json } from "../lib/json.ts";

/** Why a model said what it said about one row: `base` + all contributions = what it said, in `unit`. */
export interface Explanation {
  /** What it says on average over the background. */
  readonly base: number;
  /** One per column of the signature, the largest first. */
  readonly contributions: readonly Contribution[];
  readonly unit: "log-odds" | "probability" | "target";
  /** Which class is explained; undefined for regression. */
  readonly of: string | undefined;
  readonly method: "tree" | "linear" | "permutation" | "kernel";
  /** Half-width of the 95 % interval of a contribution, the widest; 0 = exact. */
  readonly error: number;
}

export interface Contribution {
  readonly column: string;
  /** The row's value. */
  readonly value: Json;
  readonly contribution: number;
}
