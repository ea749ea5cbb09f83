import { hashText } from "./distinct-sketch.ts";

/**
 * The most frequent values of a text column, bounded. A kept value's true count lies in [count, count + missed]; a value that
 * is not kept occurs at most `missed` times. Exact (missed = 0) until more than `CAPACITY` distinct values were seen.
 */
export interface FrequentValues {
  /** Most frequent first, equal counts by value. */
  readonly counts: readonly (readonly [value: string, count: number])[];
  readonly missed: number;
}

/** Enough for top-50 + other with room for values that rise. */
const CAPACITY = 200;
const LONGEST = 64;

export function frequentValuesOf(counts: ReadonlyMap<string, number>): FrequentValues {
  const short = new Map<string, number>();
  for (const [value, count] of counts) {
    const key = shortened(value);
    short.set(key, (short.get(key) ?? 0) + count);
  }
  return keepLargest(short, 0);
}

export function mergeFrequentValues(a: FrequentValues, b: FrequentValues): FrequentValues {
  const sums = new Map(a.counts);
  for (const [value, count] of b.counts) sums.set(value, (sums.get(value) ?? 0) + count);
  return keepLargest(sums, a.missed + b.missed);
}

function keepLargest(counts: ReadonlyMap<string, number>, missed: number): FrequentValues {
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return {
    counts: sorted.slice(0, CAPACITY),
    missed: missed + (sorted[CAPACITY]?.[1] ?? 0),
  };
}

/** Long values keep their beginning and a hash, so that profiles stay small and distinct values stay distinct. */
function shortened(value: string): string {
  if (value.length <= LONGEST) return value;
  const { low, high } = hashText(value);
  return `${value.slice(0, 40)}…${low.toString(36)}${high.toString(36)}`;
}
