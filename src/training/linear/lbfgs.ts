/** f(x), with its gradient written to `gradient`. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly value: number;
  readonly iterations: number;
  /** The largest gradient component is within the tolerance. */
  readonly converged: boolean;
}

export interface Limits {
  /** Stops when no component of the gradient is larger. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Called once an iteration; throws to stop. */
  stop?(): void;
}

/** A step, how the gradient changed over it, and 1 / (step · change). */
export interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly rho: number;
}

const MEMORY = 10;
export const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
export const MAX_LINE_STEPS = 30;

/**
 * Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.5) with a line search for the weak Wolfe conditions by bisection
 * (Lewis & Overton 2013). Changes `x` in place. For smooth, convex functions.
 */
export function minimize(objective: Objective, x: Float64Array, options: Limits): Minimum {
  const n = x.length;
  let gradient: Float64Array = new Float64Array(n);
  let nextGradient: Float64Array = new Float64Array(n);
  const next = new Float64Array(n);
  const direction = new Float64Array(n);
  const pairs: Pair[] = [];
  let value = objective(x, gradient);
  let iterations = 0;
  const done = (converged: boolean): Minimum => ({ value, iterations, converged });

  for (; iterations < options.maxIterations; iterations++) {
    if (largest(gradient) <= options.tolerance) return done(true);
    options.stop?.();
    towardsMinimum(gradient, pairs, direction);
    let slope = dot(gradient, direction);
    if (slope >= 0) {
      pairs.length = 0;
      for (let i = 0; i < n; i++) direction[i] = -gradient[i]!;
      slope = -dot(gradient, gradient);
    }
    let step = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let [low, high, nextValue] = [0, Number.POSITIVE_INFINITY, value];
    let found = false;
    for (let t = 0; t < MAX_LINE_STEPS; t++) {
      for (let i = 0; i < n; i++) next[i] = x[i]! + step * direction[i]!;
      nextValue = objective(next, nextGradient);
      if (!(nextValue <= value + SUFFICIENT_DECREASE * step * slope)) high = step;
      else if (dot(nextGradient, direction) < CURVATURE * slope) low = step;
      else {
        found = true;
        break;
      }
      step = high === Number.POSITIVE_INFINITY ? 2 * step : (low + high) / 2;
    }
    // No step improves on what rounding can tell apart: this is the minimum.
    if (!found && !(nextValue < value)) return done(largest(gradient) <= 1e3 * options.tolerance);
    remember(pairs, x, next, gradient, nextGradient);
    x.set(next);
    [gradient, nextGradient] = [nextGradient, gradient];
    value = nextValue;
  }
  return done(largest(gradient) <= options.tolerance);
}

/** direction = -H gradient, by the two-loop recursion. */
export function towardsMinimum(
  gradient: Float64Array,
  pairs: readonly Pair[],
  direction: Float64Array,
): void {
  const n = gradient.length;
  for (let i = 0; i < n; i++) direction[i] = -gradient[i]!;
  const alphas: number[] = [];
  for (const { s, y, rho } of pairs.toReversed()) {
    const alpha = rho * dot(s, direction);
    alphas.push(alpha);
    for (let i = 0; i < n; i++) direction[i]! -= alpha * y[i]!;
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < n; i++) direction[i]! *= scale;
  }
  for (const { s, y, rho } of pairs) {
    const gap = alphas.pop()! - rho * dot(y, direction);
    for (let i = 0; i < n; i++) direction[i]! += gap * s[i]!;
  }
}

/** Forgets the oldest pair of more than `MEMORY`. */
export function remember(
  pairs: Pair[],
  x: Float64Array,
  next: Float64Array,
  gradient: Float64Array,
  nextGradient: Float64Array,
): void {
  const old = pairs.length === MEMORY ? pairs.shift() : undefined;
  const s = old?.s ?? new Float64Array(x.length);
  const y = old?.y ?? new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    s[i] = next[i]! - x[i]!;
    y[i] = nextGradient[i]! - gradient[i]!;
  }
  const product = dot(s, y);
  if (product > 1e-300) pairs.push({ s, y, rho: 1 / product });
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function largest(gradient: Float64Array): number {
  let size = 0;
  for (let i = 0; i < gradient.length; i++) size = Math.max(size, Math.abs(gradient[i]!));
  return size;
}
