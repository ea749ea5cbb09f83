/** Linear map of a domain to a range of pixels. A domain of one point maps to the middle. */
export function scale(
  [from, to]: readonly [number, number],
  [low, high]: readonly [number, number],
): (value: number) => number {
  if (from === to) return () => (low + high) / 2;
  return (value) => low + ((value - from) / (to - from)) * (high - low);
}

/** Smallest and largest of the known numbers, widened by a share of their distance on both sides. */
export function extent(values: readonly (number | null)[], margin = 0): readonly [number, number] {
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v));
  if (known.length === 0) return [0, 1];
  const low = Math.min(...known);
  const high = Math.max(...known);
  const pad = (high - low || Math.abs(high) * 0.1 || 1) * margin;
  return [low - pad, high + pad];
}

/** About `wanted` round numbers inside a domain. */
export function ticks([from, to]: readonly [number, number], wanted: number): number[] {
  if (to <= from) return [from];
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const first = Math.ceil(from / step) * step;
  const found: number[] = [];
  for (let i = 0; first + i * step <= to + step * 1e-9; i++)
    found.push(Number((first + i * step).toPrecision(12)));
  return found;
}

/** `M x y L x y …`, broken where a value is missing. */
export function linePath(points: readonly (readonly [number, number | null])[]): string {
  let pen = "M";
  const parts: string[] = [];
  for (const [x, y] of points) {
    if (y === null) {
      pen = "M";
      continue;
    }
    parts.push(`${pen}${x.toFixed(1)} ${y.toFixed(1)}`);
    pen = "L";
  }
  return parts.join("");
}
