/** Points of a never-falling step: `y[i]` at `x[i]`, ascending in both. Between them the value is interpolated, outside it is the nearest end's. */
export interface Isotonic {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Weighted isotonic least squares by pooling adjacent violators (Ayer et al. 1955). `x` ascending; equal pools become one point at their mean x. */
export function isotonic(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Isotonic {
  const pools: { x: number; y: number; weight: number }[] = [];
  for (let i = 0; i < x.length; i++) {
    let pool = { x: x[i]!, y: y[i]!, weight: weights === undefined ? 1 : weights[i]! };
    for (let last = pools.at(-1); last !== undefined && last.y >= pool.y; last = pools.at(-1)) {
      const weight = last.weight + pool.weight;
      pool = {
        x: (last.x * last.weight + pool.x * pool.weight) / weight,
        y: (last.y * last.weight + pool.y * pool.weight) / weight,
        weight,
      };
      pools.pop();
    }
    pools.push(pool);
  }
  return { x: pools.map((p) => p.x), y: pools.map((p) => p.y) };
}

/** No points: the value itself. */
export function isotonicAt({ x, y }: Isotonic, value: number): number {
  if (x.length === 0) return value;
  if (value <= x[0]!) return y[0]!;
  const above = x.findIndex((point) => point >= value);
  if (above < 0) return y.at(-1)!;
  const [x0, x1, y0, y1] = [x[above - 1]!, x[above]!, y[above - 1]!, y[above]!];
  return y0 + ((value - x0) / (x1 - x0)) * (y1 - y0);
}
