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

/** Of finite values; NaN and infinities are skipped. About 40 ns a value. */
export function quantileSketchOf(values: ArrayLike<number>, k = DEFAULT_K): QuantileSketch {
  const levels: Float64Array[] = [new Float64Array(0)];
  const buffer = new Float64Array(k);
  let filled = 0;
  let n = 0;
  const flush = () => {
    levels[0] = merged(levels[0]!, buffer.slice(0, filled).sort());
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
  flush();
  return { k, n, levels: levels.map((level) => Array.from(level)) };
}

/** Sketch of the union, at the smaller k. */
export function mergeQuantileSketches(a: QuantileSketch, b: QuantileSketch): QuantileSketch {
  const n = a.n + b.n;
  const k = Math.min(a.k, b.k);
  const levels = Array.from({ length: Math.max(a.levels.length, b.levels.length) }, (_, l) =>
    merged(Float64Array.from(a.levels[l] ?? []), Float64Array.from(b.levels[l] ?? [])),
  );
  compress(levels, k, n);
  return { k, n, levels: levels.map((level) => Array.from(level)) };
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
function compress(levels: Float64Array[], k: number, n: number): void {
  for (;;) {
    const height = levels.length;
    const size = levels.reduce((sum, level) => sum + level.length, 0);
    if (size <= levels.reduce((sum, _, l) => sum + capacity(k, height, l), 0)) return;
    const l = levels.findIndex((level, index) => level.length > capacity(k, height, index));
    const full = levels[l]!;
    if (l + 1 === height) levels.push(new Float64Array(0));
    const pairs = full.length >> 1;
    const offset = coin(n, l);
    const promoted = new Float64Array(pairs);
    for (let i = 0; i < pairs; i++) promoted[i] = full[2 * i + offset]!;
    levels[l + 1] = merged(levels[l + 1]!, promoted);
    levels[l] = full.slice(2 * pairs);
  }
}

/** Two ascending arrays as one. */
function merged(a: Float64Array, b: Float64Array): Float64Array {
  if (a.length === 0) return b;
  const out = new Float64Array(a.length + b.length);
  let i = 0;
  let j = 0;
  for (let at = 0; at < out.length; at++)
    out[at] = j >= b.length || (i < a.length && a[i]! <= b[j]!) ? a[i++]! : b[j++]!;
  return out;
}

const capacity = (k: number, height: number, level: number): number =>
  Math.max(8, Math.ceil(k * (2 / 3) ** (height - 1 - level)));

function coin(n: number, level: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x21f0aaad) ^ Math.imul(level + 1, 0x735a2d97);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h >>> 17) & 1;
}
