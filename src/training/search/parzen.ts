import type { Random } from "../../lib/random.ts";
import { normalCdf, normalQuantile } from "../../stats/distributions.ts";
import {
  cellAt,
  type Dimension,
  dimensionsOf,
  type Point,
  type SearchSpace,
  valueAt,
} from "./space.ts";

/**
 * A density over a space, from points that were seen in it: a mixture of one kernel a point (normal, cut off at the ends of the
 * range; for choices the point's own and, with the rest of the weight, any) and a flat one that counts as one point more.
 */
export interface Parzen {
  draw(random: Random): Point;
  logDensity(point: Point): number;
}

/** Of a kernel's width, for one point in one dimension; it shrinks as Scott's rule says (Scott 1992, 6.42). As Optuna's multivariate TPE. */
const WIDTH = 0.2;
/** Share of a kernel of a choice that goes to the point's own value, with `n` points. */
const ownShare = (n: number): number => n / (n + 1);

export function parzen(space: SearchSpace, points: readonly Point[]): Parzen {
  const dimensions = dimensionsOf(space);
  const n = points.length;
  const width = WIDTH * Math.max(1, n) ** (-1 / (dimensions.length + 4));
  const kernel = (point: Point | undefined, at: Point): number => {
    let density = 1;
    for (const [name, dimension] of dimensions)
      density *= densityOf(dimension, point?.[name], at[name]!, width, n);
    return density;
  };
  return {
    draw(random) {
      const center = points[random.int(n + 1)];
      return Object.fromEntries(
        dimensions.map(([name, dimension]) => [
          name,
          drawFrom(dimension, center?.[name], width, n, random),
        ]),
      );
    },
    logDensity(at) {
      let sum = kernel(undefined, at);
      for (const point of points) sum += kernel(point, at);
      return Math.log(sum / (n + 1));
    },
  };
}

/** Of a place, or for whole numbers and choices the probability. */
function densityOf(
  dimension: Dimension,
  center: number | undefined,
  at: number,
  width: number,
  n: number,
): number {
  if (dimension.kind === "choice") {
    const any = 1 / dimension.values.length;
    if (center === undefined) return any;
    return (1 - ownShare(n)) * any + (at === center ? ownShare(n) : 0);
  }
  const [from, to] =
    dimension.kind === "whole" ? cellAt(dimension, Number(valueAt(dimension, at))) : [at, at];
  if (center === undefined) return to > from ? to - from : 1;
  const phi = (x: number) => normalCdf((x - center) / width);
  const inside = phi(1) - phi(0);
  if (to > from) return (phi(to) - phi(from)) / inside;
  const z = (at - center) / width;
  return Math.exp(-0.5 * z * z) / (Math.sqrt(2 * Math.PI) * width * inside);
}

function drawFrom(
  dimension: Dimension,
  center: number | undefined,
  width: number,
  n: number,
  random: Random,
): number {
  if (dimension.kind === "choice") {
    const any = random.int(dimension.values.length);
    return center !== undefined && random.next() < ownShare(n) ? center : any;
  }
  if (center === undefined) return random.next();
  const [low, high] = [normalCdf((0 - center) / width), normalCdf((1 - center) / width)];
  const z = normalQuantile(low + (high - low) * Math.min(1 - 1e-9, Math.max(1e-9, random.next())));
  return Math.max(0, Math.min(1, center + z * width));
}
