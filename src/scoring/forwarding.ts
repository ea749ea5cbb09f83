import type { Digest } from "../lib/digest.ts";
import { durationMs } from "../lib/duration.ts";

/** How many rows people can look at in a period. */
export interface Capacity {
  readonly rows: number;
  /** Periods begin at multiples of it since 1970 UTC: hours on the hour, days at midnight. */
  readonly periodMs: number;
}

/** One period of one destination, and the version whose rows it gets. */
export interface Forwarding {
  readonly model: string;
  readonly version: Digest;
  readonly destination: string;
  /** Start of the period, ms since 1970. */
  readonly period: number;
}

export interface ForwardedRow {
  /** What the row is called: the value of the dataset's key column, or a digest of its file and place. */
  readonly rowId: string;
  /** Probability of the positive class, or the number. */
  readonly score: number;
  /** Where the row stands in the result, from 0. */
  readonly place: number;
}

const UNITS: Readonly<Record<string, string>> = { hour: "1h", minute: "1m" };

/** "40/hour", "500/day", "20/15m"; undefined when it is none of these. */
export function capacityOf(text: string): Capacity | undefined {
  const match = /^([1-9]\d{0,8})\/([a-z0-9.]+)$/.exec(text.replace(/\s/g, ""));
  if (!match) return undefined;
  const unit = match[2]!;
  const periodMs = durationMs(UNITS[unit] ?? unit);
  return periodMs === undefined || periodMs < 1000
    ? undefined
    : { rows: Number(match[1]), periodMs };
}

export const periodStart = ({ periodMs }: Capacity, at: number): number =>
  Math.floor(at / periodMs) * periodMs;
