import type { Digest } from "../lib/digest.ts";

/** What one journal segment became. */
export interface ShippedSegment {
  /** Of the journal segment. */
  readonly id: string;
  /** Parquet; undefined when the segment held no prediction. */
  readonly data: Digest | undefined;
  readonly rows: number;
  readonly ranges: readonly ModelRange[];
}

/** Rows `from..to-1` of the segment's file belong to `model`. Event times in milliseconds since 1970. */
export interface ModelRange {
  readonly model: string;
  readonly from: number;
  readonly to: number;
  readonly firstEvent: number;
  readonly lastEvent: number;
}

/** Where rows of one model lie. */
export interface SegmentRange {
  readonly segment: string;
  readonly data: Digest;
  readonly from: number;
  readonly to: number;
}
