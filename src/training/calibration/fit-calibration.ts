import type { Target } from "../../lib/task.ts";
import { ascendingOrder } from "../../stats/ranks.ts";
import { type Calibration, marginOf } from "./calibration.ts";

/** With fewer a staircase follows the noise; Niculescu-Mizil & Caruana (2005) see isotonic ahead from about 1,000 on. */
export const FEWEST_POSITIVES = 1000;
/** Points nearer than this are one: the graph divides by the distance in float32. */
const NEAREST = 1e-5;

/** Of probabilities and what was true (0 or 1). */
export function fitCalibration(probabilities: Float64Array, target: Target): Calibration {
  const positives = target.reduce((sum, y) => sum + y, 0);
  return positives >= FEWEST_POSITIVES
    ? fitIsotonic(probabilities, target)
    : fitSigmoid(probabilities.map(marginOf), target);
}

/**
 * Platt's sigmoid on margins, with his targets (N+ + 1) / (N+ + 2) and 1 / (N- + 2), by Newton steps halved until the loss falls
 * (Lin, Lin & Weng 2007); what scikit-learn's method="sigmoid" minimises.
 */
export function fitSigmoid(margins: Float64Array, target: Target): Calibration {
  const positives = target.reduce((sum, y) => sum + y, 0);
  const negatives = target.length - positives;
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (negatives + 2)];
  const wanted = target.map((y) => (y === 1 ? high : low));
  let slope = 1;
  let shift = 0;
  const lossAt = (a: number, b: number) => {
    let loss = 0;
    for (let i = 0; i < wanted.length; i++) {
      const m = a * margins[i]! + b;
      loss += Math.log1p(Math.exp(-Math.abs(m))) + Math.max(m, 0) - wanted[i]! * m;
    }
    return loss;
  };
  let loss = lossAt(slope, shift);
  for (let step = 0; step < 100; step++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-12, 0, 1e-12];
    for (let i = 0; i < wanted.length; i++) {
      const x = margins[i]!;
      const p = 1 / (1 + Math.exp(-(slope * x + shift)));
      const [g, h] = [p - wanted[i]!, p * (1 - p)];
      ga += g * x;
      gb += g;
      haa += h * x * x;
      hab += h * x;
      hbb += h;
    }
    if (Math.abs(ga) + Math.abs(gb) < 1e-10 * wanted.length) break;
    const det = haa * hbb - hab * hab;
    const [da, db] = [(hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det];
    let part = 1;
    while (part > 1e-10 && !(lossAt(slope - part * da, shift - part * db) < loss)) part /= 2;
    if (part <= 1e-10) break;
    slope -= part * da;
    shift -= part * db;
    loss = lossAt(slope, shift);
  }
  return { kind: "sigmoid", slope, shift };
}

interface Pool {
  readonly from: number;
  readonly to: number;
  readonly sum: number;
  readonly rows: number;
}

/**
 * Isotonic least squares by pooling adjacent violators, a point at either end of every pool, as scikit-learn's IsotonicRegression
 * interpolates. The first and last pool say half a row less than never and always: a probability of 0 would be infinitely wrong once.
 */
export function fitIsotonic(probabilities: Float64Array, target: Target): Calibration {
  const pools: Pool[] = [];
  const shareOf = ({ sum, rows }: Pool) => sum / rows;
  const order = ascendingOrder(probabilities);
  for (let i = 0; i < order.length; ) {
    const x = probabilities[order[i]!]!;
    let [sum, rows] = [0, 0];
    // Equal probabilities are one point.
    for (; i < order.length && probabilities[order[i]!] === x; i++, rows++)
      sum += target[order[i]!]!;
    let pool: Pool = { from: x, to: x, sum, rows };
    for (let last = pools.at(-1); last && shareOf(last) >= shareOf(pool); last = pools.at(-1)) {
      pool = {
        from: last.from,
        to: pool.to,
        sum: last.sum + pool.sum,
        rows: last.rows + pool.rows,
      };
      pools.pop();
    }
    pools.push(pool);
  }
  const x: number[] = [];
  const y: number[] = [];
  for (const pool of pools) {
    const half = 0.5 / (pool.rows + 1);
    const value = Math.max(half, Math.min(1 - half, shareOf(pool)));
    for (const at of pool.from === pool.to ? [pool.from] : [pool.from, pool.to]) {
      if (x.length > 0 && at - x.at(-1)! < NEAREST) continue;
      x.push(at);
      y.push(Math.max(value, y.at(-1) ?? 0));
    }
  }
  return { kind: "isotonic", x, y };
}
