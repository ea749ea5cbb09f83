/**
 * A distribution known by its points: ascending and distinct, with `cumulative[i]` = share of the mass at or below points[i]
 * (the last is 1). Comes from a sample or from a quantile sketch. `rows` is how many values stand behind it.
 */
export interface Empirical {
  readonly points: Float64Array;
  readonly cumulative: Float64Array;
  readonly rows: number;
}

/** From ascending values without NaN; `weights` default to one each. No values give an empty distribution. */
export function empirical(sorted: ArrayLike<number>, weights?: ArrayLike<number>): Empirical {
  const points = new Float64Array(sorted.length);
  const mass = new Float64Array(sorted.length);
  let n = 0;
  let total = 0;
  for (let i = 0; i < sorted.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    if (n === 0 || points[n - 1] !== sorted[i]) points[n++] = sorted[i]!;
    mass[n - 1] = mass[n - 1]! + weight;
    total += weight;
  }
  const cumulative = mass.slice(0, n);
  for (let i = 1; i < n; i++) cumulative[i] = cumulative[i]! + cumulative[i - 1]!;
  for (let i = 0; i < n; i++) cumulative[i] = cumulative[i]! / total;
  if (n > 0) cumulative[n - 1] = 1;
  return { points: points.slice(0, n), cumulative, rows: total };
}

/** Largest gap between the two distribution functions, 0..1. Written out, not on `walk`: calibration calls it thousands of times. */
export function ksDistance(a: Empirical, b: Empirical): number {
  const [pa, pb, ca, cb] = [a.points, b.points, a.cumulative, b.cumulative];
  let i = 0;
  let j = 0;
  let fa = 0;
  let fb = 0;
  let gap = 0;
  while (i < pa.length && j < pb.length) {
    const x = pa[i]!;
    const y = pb[j]!;
    if (x <= y) fa = ca[i++]!;
    if (y <= x) fb = cb[j++]!;
    const here = fa > fb ? fa - fb : fb - fa;
    if (here > gap) gap = here;
  }
  // One side is complete (1); the other only comes closer from here.
  return Math.max(gap, Math.abs(fa - fb));
}

/** Earth mover's distance: area between the two distribution functions, in the unit of the values (scipy.stats.wasserstein_distance). */
export function wassersteinDistance(a: Empirical, b: Empirical): number {
  let area = 0;
  walk(a, b, (fa, fb, width) => {
    area += Math.abs(fa - fb) * width;
  });
  return area;
}

/** Visits every distinct point of either: both distribution functions there, and the width up to the next point. */
function walk(
  a: Empirical,
  b: Empirical,
  visit: (fa: number, fb: number, width: number) => void,
): void {
  const [pa, pb] = [a.points, b.points];
  let i = 0;
  let j = 0;
  while (i < pa.length || j < pb.length) {
    const x = Math.min(pa[i] ?? Infinity, pb[j] ?? Infinity);
    if (pa[i] === x) i += 1;
    if (pb[j] === x) j += 1;
    const next = Math.min(pa[i] ?? Infinity, pb[j] ?? Infinity);
    const fa = i === 0 ? 0 : a.cumulative[i - 1]!;
    const fb = j === 0 ? 0 : b.cumulative[j - 1]!;
    visit(fa, fb, next === Infinity ? 0 : next - x);
  }
}

/** Smallest point with at least a share p at or below it. */
export function empiricalQuantile(e: Empirical, p: number): number {
  let low = 0;
  let high = e.points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (e.cumulative[middle]! >= p) high = middle;
    else low = middle + 1;
  }
  return e.points[low] ?? Number.NaN;
}

/** Mean and standard deviation (population). */
export function empiricalMoments(e: Empirical): { readonly mean: number; readonly sd: number } {
  let mean = 0;
  let square = 0;
  for (let i = 0; i < e.points.length; i++) {
    const mass = e.cumulative[i]! - (i === 0 ? 0 : e.cumulative[i - 1]!);
    mean += mass * e.points[i]!;
  }
  for (let i = 0; i < e.points.length; i++) {
    const mass = e.cumulative[i]! - (i === 0 ? 0 : e.cumulative[i - 1]!);
    square += mass * (e.points[i]! - mean) ** 2;
  }
  return { mean: e.points.length === 0 ? Number.NaN : mean, sd: Math.sqrt(square) };
}

/** The mass of each point; they sum to 1. */
export const empiricalMass = ({ cumulative }: Empirical): Float64Array =>
  cumulative.map((share, i) => share - (i === 0 ? 0 : cumulative[i - 1]!));

/** The distribution of a sample given as counts over the points of `e`. */
export function empiricalOfCounts(e: Empirical, counts: Float64Array): Empirical {
  const points = new Float64Array(counts.length);
  const cumulative = new Float64Array(counts.length);
  let used = 0;
  let rows = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    rows += counts[i]!;
    points[used] = e.points[i]!;
    cumulative[used++] = rows;
  }
  for (let i = 0; i < used; i++) cumulative[i] = cumulative[i]! / rows;
  return { points: points.subarray(0, used), cumulative: cumulative.subarray(0, used), rows };
}
