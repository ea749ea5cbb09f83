/**
 * ADWIN2 (Bifet & Gavaldà 2007): keeps the longest recent stretch of a stream whose mean has not changed, in buckets of 1, 2, 4 …
 * values, five of each size: O(log n) memory. When the means of an older and a newer part differ by more than chance
 * (confidence `delta`), the older part is dropped: that is a change. For values in 0..1 (errors: 0 or 1, Brier, shares).
 * State is plain JSON; a pure fold.
 */
export interface Adwin {
  /** Oldest first; `values` grows with age. */
  readonly buckets: readonly Bucket[];
}

interface Bucket {
  readonly values: number;
  readonly sum: number;
  /** Σ (x - mean)² inside the bucket. */
  readonly m2: number;
}

export interface AdwinRule {
  /** Chance of a false cut at one look; 0.002 is the authors' choice. */
  readonly delta: number;
  /** Cuts are looked for every so many values. */
  readonly every: number;
}

const ADWIN: AdwinRule = { delta: 0.002, every: 32 };

export const NO_STREAM: Adwin = { buckets: [] };

const PER_SIZE = 5;
const MIN_PART = 5;

export interface AdwinChange {
  /** Index of the value after which the change was noticed. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** Adds values in order of time; NaN is skipped, others are cut to 0..1. */
export function addToAdwin(
  state: Adwin,
  values: ArrayLike<number>,
  rule: AdwinRule = ADWIN,
): { readonly state: Adwin; readonly changes: readonly AdwinChange[] } {
  let buckets = [...state.buckets];
  const changes: AdwinChange[] = [];
  let sinceLook = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue;
    buckets.push({ values: 1, sum: Math.min(1, Math.max(0, values[i]!)), m2: 0 });
    compress(buckets);
    sinceLook += 1;
    if (sinceLook < rule.every) continue;
    sinceLook = 0;
    const cut = findCut(buckets, rule.delta);
    if (cut === undefined) continue;
    changes.push({ at: i, before: cut.before, after: cut.after });
    buckets = dropOld(buckets, rule.delta);
  }
  return { state: { buckets }, changes };
}

/** Mean and number of values of the stretch that is kept. */
export function adwinMean({ buckets }: Adwin): { readonly mean: number; readonly values: number } {
  const all = union(buckets);
  return { mean: all.sum / all.values, values: all.values };
}

/** Joins the two oldest buckets of a size when there are more than five of it. */
function compress(buckets: Bucket[]): void {
  let end = buckets.length;
  for (let size = 1; ; size *= 2) {
    let first = end;
    while (first > 0 && buckets[first - 1]!.values === size) first -= 1;
    if (end - first <= PER_SIZE) return;
    buckets.splice(first, 2, join(buckets[first]!, buckets[first + 1]!));
    end = first + 1;
  }
}

const join = (a: Bucket, b: Bucket): Bucket => {
  const gap = a.sum / a.values - b.sum / b.values;
  const values = a.values + b.values;
  return {
    values,
    sum: a.sum + b.sum,
    m2: a.m2 + b.m2 + (gap * gap * a.values * b.values) / values,
  };
};

const union = (buckets: readonly Bucket[]): Bucket =>
  buckets.reduce((a, b) => (a.values === 0 ? b : join(a, b)), { values: 0, sum: 0, m2: 0 });

/** Drops the oldest bucket as long as some cut still separates old from new. */
function dropOld(buckets: readonly Bucket[], delta: number): Bucket[] {
  let kept = buckets.slice(1);
  while (findCut(kept, delta) !== undefined) kept = kept.slice(1);
  return kept;
}

function findCut(
  buckets: readonly Bucket[],
  delta: number,
): { readonly before: number; readonly after: number } | undefined {
  const all = union(buckets);
  const spread = all.m2 / all.values;
  const log = Math.log((2 * Math.log(all.values)) / delta);
  let old = 0;
  let oldSum = 0;
  for (const bucket of buckets.slice(0, -1)) {
    old += bucket.values;
    oldSum += bucket.sum;
    const recent = all.values - old;
    if (old < MIN_PART || recent < MIN_PART) continue;
    const before = oldSum / old;
    const after = (all.sum - oldSum) / recent;
    const m = 1 / old + 1 / recent;
    const bound = Math.sqrt(2 * m * spread * log) + (2 / 3) * m * log;
    if (Math.abs(before - after) > bound) return { before, after };
  }
  return undefined;
}
