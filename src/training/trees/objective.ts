import type { Target } from "../../lib/task.ts";
import { LOSS } from "./boost-layout.ts";

export type RegressionLoss = "squared" | "absolute" | "huber";

/** What boosting minimises, and how its margins become numbers a person reads. */
export interface Objective {
  readonly loss: (typeof LOSS)[keyof typeof LOSS];
  /** Trees a round. */
  readonly classes: number;
  /** Targets as the kernels want them. */
  readonly y: Float64Array;
  readonly base: Float64Array;
  /** Clip of residuals; Infinity for squared error. */
  readonly delta: number;
  /** Leaves take the weighted median of their residuals. */
  readonly median: boolean;
  /** Value = shift + scale * margin. 0 and 1 for classification. */
  readonly shift: number;
  readonly scale: number;
}

/** Tukey's constant: Huber's estimate keeps 95 % efficiency on normal residuals. */
const HUBER = 1.345;

export function classification(target: Target, weights: Float64Array | undefined, classes: number) {
  const mass = new Float64Array(classes);
  let total = 0;
  target.forEach((k, i) => {
    const w = weights?.[i] ?? 1;
    mass[k]! += w;
    total += w;
  });
  const binary = classes === 2;
  // A class without rows begins at the odds of half a row.
  const log = (k: number) => Math.log(Math.max(mass[k]!, 0.5) / total);
  return {
    loss: binary ? LOSS.logistic : LOSS.softmax,
    classes: binary ? 1 : classes,
    y: target,
    base: binary
      ? Float64Array.of(Math.log(mass[1]! / mass[0]!))
      : Float64Array.from({ length: classes }, (_, k) => log(k)),
    delta: Number.POSITIVE_INFINITY,
    median: false,
    shift: 0,
    scale: 1,
  } satisfies Objective;
}

/** Trains on (y - centre) / spread, so that no constant in the trainer depends on the target's unit. */
export function regression(
  target: Target,
  weights: Float64Array | undefined,
  loss: RegressionLoss,
): Objective {
  let [sum, total] = [0, 0];
  target.forEach((v, i) => {
    const w = weights?.[i] ?? 1;
    sum += w * v;
    total += w;
  });
  const mean = sum / total;
  let squares = 0;
  target.forEach((v, i) => {
    squares += (weights?.[i] ?? 1) * (v - mean) ** 2;
  });
  const deviation = Math.sqrt(squares / total);
  const shift = loss === "squared" ? mean : weightedMedian(target, weights);
  // A spread that is only rounding error is none.
  const constant = !(deviation > 1e-12 * Math.abs(mean));
  const scale = constant ? 1 : deviation;
  const y = target.map((v) => (constant ? 0 : (v - shift) / scale));
  const robust = 1.4826 * weightedMedian(y.map(Math.abs), weights);
  return {
    loss: LOSS.residual,
    classes: 1,
    y,
    base: Float64Array.of(0),
    // Absolute error: the sign of the residual, as far as a clip can say it.
    delta:
      loss === "squared"
        ? Number.POSITIVE_INFINITY
        : loss === "huber"
          ? HUBER * (robust || 1)
          : 1e-6,
    median: loss === "absolute",
    shift,
    scale,
  };
}

/** Lower weighted median: the smallest value with at least half of the weight at or below it. */
export function weightedMedian(values: ArrayLike<number>, weights?: ArrayLike<number>): number {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => values[a]! - values[b]! || a - b,
  );
  let total = 0;
  for (const i of order) total += weights?.[i] ?? 1;
  let below = 0;
  for (const i of order) {
    below += weights?.[i] ?? 1;
    if (below >= total / 2) return values[i]!;
  }
  return Number.NaN;
}

/** Mean loss of margins (rows x classes) on raw targets: log loss, or squared / absolute / Huber error in target units. */
export function meanLoss(
  objective: Objective,
  margins: Float64Array,
  target: Target,
  weights?: Float64Array,
): number {
  const { classes, delta, shift, scale, median } = objective;
  let [sum, total] = [0, 0];
  for (let i = 0; i < target.length; i++) {
    const t = target[i]!;
    const w = weights?.[i] ?? 1;
    total += w;
    if (objective.loss === LOSS.residual) {
      const r = Math.abs(shift + scale * margins[i]! - t);
      const limit = delta * scale;
      sum += w * (median ? r : r <= limit ? (r * r) / 2 : limit * (r - limit / 2));
    } else if (classes === 1) {
      const m = margins[i]!;
      // log(1 + e^-|m|) + max(0, -ym), stable for any margin.
      sum += w * (Math.log1p(Math.exp(-Math.abs(m))) + Math.max(0, t === 1 ? -m : m));
    } else {
      let top = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < classes; k++) top = Math.max(top, margins[i * classes + k]!);
      let z = 0;
      for (let k = 0; k < classes; k++) z += Math.exp(margins[i * classes + k]! - top);
      sum += w * (Math.log(z) + top - margins[i * classes + t]!);
    }
  }
  return sum / total;
}
