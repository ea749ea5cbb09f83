import { CONTROL, MAXIMA_BYTES, OP, RESULT } from "./boost-layout.ts";
import type { BoostSession } from "./boost-session.ts";

export interface Split {
  /** In steps. */
  readonly gain: number;
  /** Number among the used columns. */
  readonly feature: number;
  readonly bin: number;
  /** Missing rows go left (1), right (0), or there are none (2). */
  readonly side: number;
  /** Between the children's leaf weights, in steps; only under monotone constraints. */
  readonly middle: number;
}

/** The best of what the members found, at place `i` of their results; the lowest feature wins a tie, whoever found it. */
export function bestSplit({ layout, members }: BoostSession, i: number): Split | undefined {
  const { buffer } = layout.memory;
  let best: Split | undefined;
  for (let k = 0; k < members; k++) {
    const at = layout.results + (k * layout.slots * 2 + i) * RESULT.bytes;
    const ints = new Int32Array(buffer, at, RESULT.bytes / 4);
    const floats = new Float64Array(buffer, at, RESULT.bytes / 8);
    const gain = floats[0]!;
    const feature = ints[RESULT.feature]!;
    if (feature < 0 || (best && gain <= best.gain)) continue;
    best = {
      gain,
      feature,
      bin: ints[RESULT.bin]!,
      side: ints[RESULT.missing] === 0 ? 2 : ints[RESULT.side]!,
      middle: floats[RESULT.middle]!,
    };
  }
  return best;
}

/** How many integer steps a unit of gain, and of leaf weight, is. */
export interface Steps {
  readonly gain: number;
  readonly weight: number;
}

/** A split whose gain is below this is noise (XGBoost's kRtEps). */
const EPSILON = 1e-6;

/**
 * Turns gradients into integers so that no sum over the `sampled` rows can leave its half of a cell. Undefined when all
 * gradients are 0: then there is nothing to learn.
 */
export function quantise(
  { layout, control, floats, run, members }: BoostSession,
  sampled: number,
  salt: number,
  limits: { readonly lambda: number; readonly minChildWeight: number; readonly minGain: number },
): Steps | undefined {
  let [maxG, maxH] = [0, 0];
  for (let k = 0; k < members; k++) {
    const at = layout.maxima + k * MAXIMA_BYTES;
    const maxima = new Float64Array(layout.memory.buffer, at, 2);
    maxG = Math.max(maxG, maxima[0]!);
    maxH = Math.max(maxH, maxima[1]!);
  }
  if (!(maxG > 0 && maxH > 0)) return undefined;
  const stepsG = (Math.floor((2 ** 31 - 1) / sampled) - 1) / maxG;
  const stepsH = (Math.floor((2 ** 32 - 1) / sampled) - 1) / maxH;
  // gain = G^2 / (H + lambda), weight = G / (H + lambda).
  const steps = { gain: (stepsG * stepsG) / stepsH, weight: stepsG / stepsH };
  floats[CONTROL.stepsG] = stepsG;
  floats[CONTROL.stepsH] = stepsH;
  floats[CONTROL.lambdaSteps] = limits.lambda * stepsH;
  floats[CONTROL.minGainSteps] = Math.max(limits.minGain, EPSILON) * steps.gain;
  // A step less than asked for: rounding must not refuse a leaf that has just enough.
  const minH = Math.floor(limits.minChildWeight * stepsH * (1 - 1e-6)) - 1;
  control[CONTROL.minH] = Math.max(1, Math.min(2 ** 32 - 1, minH));
  control[CONTROL.salt] = salt;
  run(OP.quantise);
  return steps;
}
