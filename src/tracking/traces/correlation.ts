import type { MatchCounts } from "./store.ts";

export interface Correlation {
  /** undefined where it is not defined: one of the filters finds nothing. */
  readonly npmi: number | undefined;
  readonly smoothed: number | undefined;
}

/** Jeffreys' prior: half a trace in each cell. */
const PRIOR = 0.5;

/**
 * Normalised pointwise mutual information of two filters (Bouma 2009): 1 when they find the same traces, 0 when they have nothing
 * to do with each other, -1 when they find none in common.
 */
export function correlationOf({ total, first, second, both }: MatchCounts): Correlation {
  if (first === 0 || second === 0) return { npmi: undefined, smoothed: undefined };
  const cells = { both, first: first - both, second: second - both };
  const neither = total - first - second + both;
  return {
    npmi: both === 0 ? -1 : npmiOf(cells, neither, 0),
    smoothed: npmiOf(cells, neither, PRIOR),
  };
}

function npmiOf(
  cells: { readonly both: number; readonly first: number; readonly second: number },
  neither: number,
  prior: number,
): number {
  if (cells.first === 0 && cells.second === 0 && neither === 0) return 1;
  const both = cells.both + prior;
  const first = both + cells.first + prior;
  const second = both + cells.second + prior;
  const all = first + cells.second + prior + neither + prior;
  const pmi = Math.log(both) + Math.log(all) - Math.log(first) - Math.log(second);
  return Math.min(1, Math.max(-1, pmi / (Math.log(all) - Math.log(both))));
}
