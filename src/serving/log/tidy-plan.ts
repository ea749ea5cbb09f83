import type { KeptSegment } from "./store.ts";

/** What a rewriting makes; reading one costs about as much whether it holds ten rows or so many. */
const FULL_ROWS = 100_000;
/** Smaller ones are joined with their neighbours. */
const SMALL_ROWS = 50_000;
/** A tail is not rewritten every hour: it waits for so many neighbours, or for the end of its day. */
const LEAST = 8;
const SETTLED_MS = 10 * 60_000;
const DAY = 86_400_000;

/**
 * Which segments should become one: neighbours by arrival within one UTC day (so that retention can go by whole segments), small,
 * and shipped long enough ago that no others come between.
 */
export function planJoins(segments: readonly KeptSegment[], now: number): KeptSegment[][] {
  const joins: KeptSegment[][] = [];
  let group: KeptSegment[] = [];
  let [rows, day] = [0, Number.NaN];
  const close = (): void => {
    const over = (day + 1) * DAY + SETTLED_MS < now;
    if (group.length >= LEAST || (group.length > 1 && (over || rows >= FULL_ROWS)))
      joins.push(group);
    [group, rows] = [[], 0];
  };
  for (const segment of segments) {
    if (segment.rows >= SMALL_ROWS || arrival(segment).last > now - SETTLED_MS) continue;
    const own = Math.floor(arrival(segment).first / DAY);
    if (own !== day || rows + segment.rows > FULL_ROWS) close();
    day = own;
    group.push(segment);
    rows += segment.rows;
  }
  close();
  return joins;
}

/** Models whose rows in this segment have all arrived before their time. */
export const expiredModels = (
  segment: KeptSegment,
  keepSince: ReadonlyMap<string, number>,
): Set<string> =>
  new Set(
    segment.ranges
      .filter(({ model, lastAt }) => lastAt < (keepSince.get(model) ?? Number.NEGATIVE_INFINITY))
      .map(({ model }) => model),
  );

const arrival = ({ ranges }: KeptSegment): { readonly first: number; readonly last: number } => ({
  first: Math.min(...ranges.map(({ firstAt }) => firstAt)),
  last: Math.max(...ranges.map(({ lastAt }) => lastAt)),
});
