import {
  dot,
  type Limits,
  MAX_LINE_STEPS,
  type Minimum,
  type Objective,
  type Pair,
  remember,
  SUFFICIENT_DECREASE,
  towardsMinimum,
} from "./lbfgs.ts";

/** One a number: 1 = not below 0, -1 = not above 0, 0 = any. */
export type Signs = Int8Array;

/** Numbers nearer to their bound than this may be held there. */
const NEAR = 1e-3;
/** Least cosine of a step and the change of the gradient over it. */
const FLAT = 1e-8;
/** Of the function's size: smaller changes are read off the gradient, as the difference of two sums is rounding by then. */
const ROUNDING = 1e-11;

/**
 * `minimize` where some numbers keep a sign: projected L-BFGS. Numbers at their bound that the gradient pushes outside are held:
 * they follow the gradient alone. The others take an L-BFGS step among themselves. What leaves the bounds is put onto them, and
 * the step is halved until the function falls enough (Bertsekas 1982, "Projected Newton methods for optimization problems with simple
 * constraints"; with L-BFGS for the second metric: Schmidt, Kim & Sra 2011, "Projected Newton-type methods in machine learning"). For smooth,
 * strictly convex functions. Changes `x` in place.
 */
export function minimizeWithin(
  objective: Objective,
  x: Float64Array,
  signs: Signs,
  options: Limits,
): Minimum {
  const n = x.length;
  let gradient: Float64Array = new Float64Array(n);
  let nextGradient: Float64Array = new Float64Array(n);
  const next = new Float64Array(n);
  const free = new Float64Array(n);
  const direction = new Float64Array(n);
  const held = new Uint8Array(n);
  const pairs: Pair[] = [];
  const inside = (value: number, i: number) => (signs[i]! * value < 0 ? 0 : value);
  for (let i = 0; i < n; i++) x[i] = inside(x[i]!, i);
  let value = objective(x, gradient);
  let iterations = 0;
  const done = (converged: boolean): Minimum => ({ value, iterations, converged });

  for (; ; iterations++) {
    let gap = 0;
    for (let i = 0; i < n; i++)
      gap = Math.max(gap, Math.abs(x[i]! - inside(x[i]! - gradient[i]!, i)));
    if (gap <= options.tolerance) return done(true);
    if (iterations === options.maxIterations) return done(false);
    options.stop?.();
    const near = Math.min(NEAR, gap);
    for (let i = 0; i < n; i++) {
      const sign = signs[i]!;
      held[i] = Number(sign !== 0 && sign * x[i]! <= near && sign * gradient[i]! > 0);
    }
    for (let i = 0; i < n; i++) free[i] = held[i] === 1 ? 0 : gradient[i]!;
    const known = amongFree(pairs, held);
    towardsMinimum(free, known, direction);
    let slope = dot(free, direction);
    if (slope >= 0) {
      for (let i = 0; i < n; i++) direction[i] = -free[i]!;
      slope = -dot(free, free);
    }
    for (let i = 0; i < n; i++) if (held[i] === 1) direction[i] = -gradient[i]!;
    let step = known.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let nextValue = value;
    let found = false;
    for (let t = 0; t < MAX_LINE_STEPS && !found; t++, step /= 2) {
      let expected = step * slope;
      for (let i = 0; i < n; i++) {
        next[i] = inside(x[i]! + step * direction[i]!, i);
        if (held[i] === 1) expected += gradient[i]! * (next[i]! - x[i]!);
      }
      nextValue = objective(next, nextGradient);
      let change = nextValue - value;
      if (Math.abs(change) < ROUNDING * Math.abs(value)) {
        change = 0;
        for (let i = 0; i < n; i++)
          change += ((gradient[i]! + nextGradient[i]!) / 2) * (next[i]! - x[i]!);
      }
      found = change <= SUFFICIENT_DECREASE * expected;
    }
    // No step improves on what rounding can tell apart: this is the minimum.
    if (!found) return done(gap <= 1e3 * options.tolerance);
    remember(pairs, x, next, gradient, nextGradient);
    x.set(next);
    [gradient, nextGradient] = [nextGradient, gradient];
    value = nextValue;
  }
}

/** What the pairs say of the numbers that are free; those that say of them alone that the function is not convex say nothing. */
function amongFree(pairs: readonly Pair[], held: Uint8Array): Pair[] {
  const free = (of: Float64Array) => of.map((value, i) => (held[i] === 1 ? 0 : value));
  return pairs.flatMap((pair) => {
    const [s, y] = [free(pair.s), free(pair.y)];
    const product = dot(s, y);
    const told = product > FLAT * Math.sqrt(dot(s, s) * dot(y, y));
    return told ? [{ s, y, rho: 1 / product }] : [];
  });
}
