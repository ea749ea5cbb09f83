import { type Empirical, empirical } from "./empirical.ts";

/**
 * KLL quantile sketch (Karnin, Lang & Liberty 2016): a sample in levels, an item of level l standing for 2^l values. Mergeable,
 * bounded (about 3k numbers), rank error about 1.7 / k^0.9: 0.3 % at k = 1,000. Up to k values it is exact.
 * Where KLL flips a coin, this takes a hash of the sketch's size and level: the same values in the same order give the same bytes.
 */
export interface QuantileSketch {
  readonly k: number;
  /** Values seen (finite ones). */
  readonly n: number;
  /** levels[l] ascending; each item stands for 2^l values. */
  readonly levels: readonly (readonly number[])[];
}

const DEFAULT_K = 1000;

export const emptyQuantileSketch = (k = DEFAULT_K): QuantileSketch => ({ k, n: 0, levels: [[]] });

/** Of finite values; NaN and infinities are skipped. About 60 ns a value. */
export function quantileSketchOf(values: ArrayLike<number>, k = DEFAULT_K): QuantileSketch {
  const levels: number[][] = [[]];
  let buffer = new Float64Array(k);
  let filled = 0;
  let n = 0;
  const flush = () => {
    levels[0] = levels[0]!.concat(Array.from(buffer.subarray(0, filled).sort())).sort(ascending);
    filled = 0;
    compress(levels, k, n);
  };
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (!Number.isFinite(x)) continue;
    buffer[filled++] = x + 0;
    n += 1;
    if (filled === k) flush();
  }
  buffer = buffer.slice(0, filled);
  flush();
  return { k, n, levels };
}

/** Sketch of the union. Both must have the same k. */
export function mergeQuantileSketches(a: QuantileSketch, b: QuantileSketch): QuantileSketch {
  const n = a.n + b.n;
  const levels = Array.from({ length: Math.max(a.levels.length, b.levels.length) }, (_, l) =>
    [...(a.levels[l] ?? []), ...(b.levels[l] ?? [])].sort(ascending),
  );
  compress(levels, Math.min(a.k, b.k), n);
  return { k: Math.min(a.k, b.k), n, levels };
}

/** The sketch as a distribution: quantiles, distances and resampling work on that. */
export function sketchedDistribution(sketch: QuantileSketch): Empirical {
  const items = sketch.levels.flatMap((level, l) => level.map((x) => [x, 2 ** l] as const));
  items.sort((a, b) => a[0] - b[0]);
  const result = empirical(
    items.map(([x]) => x),
    items.map(([, weight]) => weight),
  );
  return { ...result, rows: sketch.n };
}

/** Halves the lowest level that is over its capacity, into the next, until the whole fits. Weight is kept exactly: an odd item stays behind. */
function compress(levels: number[][], k: number, n: number): void {
  for (;;) {
    const height = levels.length;
    const size = levels.reduce((sum, level) => sum + level.length, 0);
    if (size <= levels.reduce((sum, _, l) => sum + capacity(k, height, l), 0)) return;
    const l = levels.findIndex((level, index) => level.length > capacity(k, height, index));
    const full = levels[l]!;
    if (l + 1 === height) levels.push([]);
    const kept = full.length % 2 === 1 ? [full.pop()!] : [];
    const offset = coin(n, l);
    const promoted = full.filter((_, i) => i % 2 === offset);
    levels[l + 1] = levels[l + 1]!.concat(promoted).sort(ascending);
    levels[l] = kept;
  }
}

const capacity = (k: number, height: number, level: number): number =>
  Math.max(8, Math.ceil(k * (2 / 3) ** (height - 1 - level)));

function coin(n: number, level: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x21f0aaad) ^ Math.imul(level + 1, 0x735a2d97);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h >>> 17) & 1;
}

const ascending = (a: number, b: number): number => a - b;
