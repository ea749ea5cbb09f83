import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";

/**
 * Why this version: `champion` answered the caller; `requested` too, being a version the caller named that is not the champion (or
 * any that was named while a split lasts: it did not meet the caller by its share);
 * `canary` and `arm` had a part of the traffic; `fallback` stood in for a model that could not answer; `shadow` ran beside the
 * champion on the same row with the same id and answered nobody.
 */
export type Variant = "champion" | "requested" | "canary" | "arm" | "fallback" | "shadow";

/** The variants that answer callers. */
export type AnsweringVariant = Exclude<Variant, "shadow">;

/** What callers get who name no version: the traffic of a model. */
export const TRAFFIC: readonly Variant[] = ["champion", "canary", "arm", "fallback"];

/**
 * One answered row, as kept in the prediction log. Acknowledged means kept: the record is on disk (fsync) before the answer
 * leaves. The log is a sequence of segments (journal files, later Parquet in the blob store).
 */
export interface PredictionRecord {
  readonly id: string;
  /** The model that was asked for. */
  readonly model: string;
  /** Model version that made `output`. */
  readonly version: Digest;
  readonly variant: Variant;
  /** When the request arrived, ms since 1970. */
  readonly at: number;
  /** The row's own time (its time column), else `at`. Windows of monitoring go by this. */
  readonly eventTime: number;
  /** The row's key column when the dataset has one. */
  readonly key: string | undefined;
  /** The row as received, extra fields included. Empty for `shadow`: the champion's record with the same id has them. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** Binary: [p(positive)], multiclass: p per class, regression: [value], tensors: the numbers of the outputs, in order. */
  readonly output: readonly number[];
  /** What the model leans to, also when it abstained; "" when its outputs name none. */
  readonly label: string | number;
  /** The caller was told nothing but that it is uncertain. */
  readonly abstained?: boolean | undefined;
  readonly latencyMs: number;
}

/** What really happened, for one prediction, whenever it becomes known. The last one by `at` wins. */
export interface FeedbackRecord {
  readonly id: string;
  readonly model: string;
  /** When the feedback arrived, ms since 1970 (event time in replays). */
  readonly at: number;
  readonly label: string | number;
}

/** One line of the journal. */
export type LogRecord =
  | ({ readonly kind: "prediction" } & PredictionRecord)
  | ({ readonly kind: "feedback" } & FeedbackRecord);
