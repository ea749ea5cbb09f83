import { binomialSf } from "../stats/distributions.ts";
import { clopperPearson, type Interval } from "../stats/intervals.ts";

/** The rows on which a model said one class: how sure it was (its score of that class), and whether it was right. */
export interface Claims {
  readonly scores: Float64Array;
  /** 1 = right. */
  readonly right: Uint8Array;
}

/** From `threshold` on, `right` of `rows` were right; that the share of all such rows is at least `lower` is proven. */
export interface Proof {
  readonly threshold: number;
  readonly rows: number;
  readonly right: number;
  readonly lower: number;
}

/** One-sided. */
export const PROOF_CONFIDENCE = 0.95;
const DELTA = 1 - PROOF_CONFIDENCE;
/** Neighbouring thresholds differ by this factor in the number of rows from them on. */
const STEP = 1.04;

/**
 * The lowest threshold from which on a class is right in at least `target` of the cases, proven at 95 %; undefined when none is.
 *
 * A threshold is proven when so many right ones of n were too unlikely (exact binomial test, the inverse of Clopper and Pearson's
 * lower bound, Biometrika 26, 1934) if the precision were below the target. Looking at many thresholds and taking the lowest that
 * passes would break the promise, so they are tested in a fixed order, from the highest down, by the fallback procedure (Wiens,
 * Pharmaceutical Statistics 2, 2003): the 5 % are divided among a few starting places, and what a proven threshold was given
 * goes on to the next lower one. The chance that any threshold with too low a precision is proven is at most 5 % in all. With
 * one starting place it is the fixed-sequence test that Angelopoulos et al. (Learn then Test, arXiv 2110.01052) use. Places are
 * numbers of rows, chosen before a label is seen. Assumes independent rows, and that of two rows the higher score is not right
 * less often.
 */
export function lowestProven({ scores, right }: Claims, target: number): Proof | undefined {
  const order = Float64Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const rows = order.length;
  let level = 0;
  let proven: Proof | undefined;
  let [n, hits] = [0, 0];
  for (const { rank, share } of places(rows, target)) {
    // A place that ties with the one before is the same threshold.
    const from = n;
    while (n < rows && (n < rank || scores[order[n]!] === scores[order[n - 1]!]))
      hits += right[order[n++]!]!;
    if (n > from) level = share * DELTA + (proven?.rows === from ? level : 0);
    else level += share * DELTA;
    if (level === 0 || binomialSf(hits - 1, n, target) > level) continue;
    // Where all rows pass there is nothing to hold back, lower scores than ever seen included.
    const threshold = n === rows ? 0 : scores[order[n - 1]!]!;
    proven = { threshold, rows: n, right: hits, lower: lowerBound(hits, n, level) };
  }
  return proven;
}

/** Clopper and Pearson's, one-sided. */
export const lowerBound = (right: number, n: number, level = DELTA): number =>
  clopperPearson(right, n, 1 - 2 * level).lower;

/** Two-sided 95 %, for what was measured. */
export const measured = (right: number, n: number): Interval => clopperPearson(right, n);

/** All of so many have to be right before anything is proven. */
export const fewestRows = (target: number, level = DELTA): number =>
  Math.max(1, Math.ceil(Math.log(level) / Math.log(target) - 1e-9));

/** Ranks from the top at which to look, and the share of the error that starts there. More starts only where there are rows for them. */
function places(
  rows: number,
  target: number,
): readonly { readonly rank: number; readonly share: number }[] {
  const starts = [5, 3, 2, 1].find((k) => rows >= 1.5 ** (k - 1) * fewestRows(target, DELTA / k));
  if (starts === undefined) return [];
  const first = fewestRows(target, DELTA / starts);
  const begins = Array.from({ length: starts }, (_, k) =>
    Math.round(first * (rows / first) ** (starts === 1 ? 0 : k / (starts - 1))),
  );
  const found: { rank: number; share: number }[] = [];
  for (let rank = first; ; rank = Math.min(rows, Math.max(rank + 1, Math.round(rank * STEP)))) {
    const due = begins.filter((at) => at <= rank).length;
    const begun = found.reduce((n, { share }) => n + Math.round(share * starts), 0);
    found.push({ rank, share: (due - begun) / starts });
    if (rank === rows) return found;
  }
}
