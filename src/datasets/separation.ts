import { ranks } from "../stats/ranks.ts";
import type { Column } from "../table/table.ts";

/**
 * How well one column by itself tells the target, 0..1. Cross-fitted where it is fitted (odd rows judge what even rows taught, and
 * the reverse), so that a column of many values does not look good by memory.
 */

/** Area under the ROC curve of the better direction; 0.5 = tells nothing. Missing counts as a value of its own, below all others. */
export function separationBinary(column: Column, positive: Uint8Array): number {
  const score =
    column.type === "string"
      ? crossFittedMeans(column.codes, column.dictionary.length, Float64Array.from(positive))
      : Float64Array.from(column.values, (v) => (Number.isNaN(v) ? -Number.MAX_VALUE : v));
  const auc = areaUnderCurve(score, positive);
  return column.type === "string" ? auc : Math.max(auc, 1 - auc);
}

/** Share of rows whose class is the commonest class of their value (numbers: of their value's 1/256 quantile). */
export function separationMulticlass(column: Column, classes: Uint16Array, count: number): number {
  const { codes, size } = binned(column);
  let right = 0;
  for (const half of [0, 1]) {
    const tally = new Float64Array((size + 1) * count);
    for (let i = 0; i < classes.length; i++)
      if ((i & 1) === half) tally[(codes[i]! + 1) * count + classes[i]!]!++;
    const best = Int32Array.from({ length: size + 1 }, (_, v) => {
      let k = 0;
      for (let c = 1; c < count; c++) if (tally[v * count + c]! > tally[v * count + k]!) k = c;
      return tally[v * count + k]! > 0 ? k : -1;
    });
    for (let i = 0; i < classes.length; i++)
      if ((i & 1) !== half && best[codes[i]! + 1] === classes[i]) right++;
  }
  return right / Math.max(1, classes.length);
}

/** R²: the larger of the straight line's and that of the mean per value (numbers: per 1/256 quantile). */
export function separationRegression(column: Column, target: Float64Array): number {
  const { codes, size } = binned(column);
  const fitted = rSquared(target, crossFittedMeans(codes, size, target));
  return column.type === "string" ? fitted : Math.max(fitted, lineRSquared(column.values, target));
}

function areaUnderCurve(score: Float64Array, positive: Uint8Array): number {
  const rank = ranks(score);
  let [sum, ones] = [0, 0];
  for (let i = 0; i < rank.length; i++) {
    if (positive[i] !== 1) continue;
    sum += rank[i]!;
    ones++;
  }
  const zeros = rank.length - ones;
  return ones === 0 || zeros === 0 ? 0.5 : (sum - (ones * (ones + 1)) / 2) / (ones * zeros);
}

/** For each row the mean of `y` over the rows of the other parity with the same code, drawn to the overall mean by one row's weight. */
function crossFittedMeans(codes: Int32Array, size: number, y: Float64Array): Float64Array {
  const n = y.length;
  const mean = y.reduce((sum, v) => sum + v, 0) / Math.max(1, n);
  const sums = new Float64Array(2 * (size + 1));
  const counts = new Float64Array(2 * (size + 1));
  for (let i = 0; i < n; i++) {
    const slot = 2 * (codes[i]! + 1) + (i & 1);
    sums[slot]! += y[i]!;
    counts[slot]!++;
  }
  return Float64Array.from(y, (_, i) => {
    const slot = 2 * (codes[i]! + 1) + (1 - (i & 1));
    return (sums[slot]! + mean) / (counts[slot]! + 1);
  });
}

function binned(column: Column): { codes: Int32Array; size: number } {
  if (column.type === "string") return { codes: column.codes, size: column.dictionary.length };
  const sorted = column.values.filter((v) => !Number.isNaN(v)).sort();
  const edges = [
    ...new Set(
      Array.from({ length: 255 }, (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / 256)]!),
    ),
  ];
  const codes = Int32Array.from(column.values, (v) => {
    if (Number.isNaN(v)) return -1;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (v < edges[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  });
  return { codes, size: edges.length + 1 };
}

function rSquared(y: Float64Array, fitted: Float64Array): number {
  const mean = y.reduce((sum, v) => sum + v, 0) / Math.max(1, y.length);
  let [left, all] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    left += (y[i]! - fitted[i]!) ** 2;
    all += (y[i]! - mean) ** 2;
  }
  return all === 0 ? 0 : Math.max(0, 1 - left / all);
}

function lineRSquared(x: Float64Array, y: Float64Array): number {
  let [n, sx, sy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]!)) continue;
    n++;
    sx += x[i]!;
    sy += y[i]!;
  }
  // A line through the few rows where a mostly empty column is filled says nothing.
  if (n < 0.9 * x.length || n < 3) return 0;
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]!)) continue;
    const [dx, dy] = [x[i]! - sx / n, y[i]! - sy / n];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx === 0 || yy === 0 ? 0 : (xy * xy) / (xx * yy);
}
