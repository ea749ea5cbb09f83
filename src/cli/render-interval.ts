import pc from "picocolors";

export interface Interval {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Axis {
  readonly from: number;
  readonly to: number;
}

/** Means further from the best than this many widths of its interval are not drawn to scale. */
const NEAR = 1.5;

/**
 * The stretch of values on which intervals are drawn: that around the best, so that a hopeless candidate does not squeeze the
 * others into one character. What lies outside is drawn as an arrow at the edge.
 * @param intervals best first.
 */
export function axisOf(intervals: readonly Interval[]): Axis | undefined {
  const best = intervals[0];
  if (!best) return undefined;
  const widths = intervals.slice(0, 3).map((interval) => ends(interval)[1] - ends(interval)[0]);
  const reach = NEAR * (widths[0] || Math.max(...widths));
  const near = intervals.filter((i) => Math.abs(i.mean - best.mean) <= Math.max(reach, 1e-12));
  const from = Math.min(...near.map((i) => ends(i)[0]));
  const to = Math.max(...near.map((i) => ends(i)[1]));
  const margin = (to - from) * 0.04 || Math.abs(from) * 0.01 || 0.01;
  return { from: from - margin, to: to + margin };
}

/** `├──●──┤` on an axis of `width` characters. Uncoloured but for the line, which is dim. */
export function drawInterval(interval: Interval, axis: Axis, width: number): string {
  const at = (value: number) =>
    Math.round(((value - axis.from) / (axis.to - axis.from)) * (width - 1));
  const [low, high] = ends(interval);
  if (high < axis.from) return `${pc.dim("‹")}${" ".repeat(width - 1)}`;
  if (low > axis.to) return `${" ".repeat(width - 1)}${pc.dim("›")}`;
  const left = Math.max(0, at(low));
  const right = Math.min(width - 1, at(high));
  const middle = at(interval.mean);
  const cells = Array.from({ length: width }, (_, i) => {
    if (i === middle) return "●";
    if (i < left || i > right) return " ";
    if (i === left) return at(low) < 0 ? "‹" : "├";
    if (i === right) return at(high) > width - 1 ? "›" : "┤";
    return "─";
  });
  return cells.join("").replace(/[├─┤‹›]+/g, (line) => pc.dim(line));
}

const ends = ({ mean, low, high }: Interval): readonly [number, number] => [
  low ?? mean,
  high ?? mean,
];
