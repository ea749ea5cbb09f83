import type { Random } from "../../lib/random.ts";
import { parzen } from "./parzen.ts";
import { dimensionsOf, type Point, type SearchSpace } from "./space.ts";

/** A trainer that may be tried, and what of it may be changed. */
export interface Arm {
  readonly trainer: string;
  readonly space: SearchSpace;
}

/** What is known of a place. `loss`: lower is better; of all arms on one scale. */
export interface Observation {
  readonly trainer: string;
  readonly point: Point;
  readonly loss: number;
}

export interface Proposal {
  readonly trainer: string;
  readonly point: Point;
}

/** Places drawn from the density of good ones, of which the most promising is proposed. */
const DRAWS = 24;
/** Share of the places seen that counts as good, and how many at most. */
const GOOD = 0.2;
const MOST_GOOD = 25;
/** With fewer places seen of a trainer its next one is drawn blindly. */
const FEWEST_SEEN = 4;

/**
 * The tree-structured Parzen estimator (Bergstra et al. 2011): of places drawn from the density l of good places, the one where
 * l / g is largest, g being the density of the others. First the trainer, then its settings, which are estimated together (as
 * Falkner et al. 2018); good is judged among the places of the same trainer. A trainer's weight before anything is seen is its
 * number of settings. Deterministic for (arms, seen, random).
 */
export function propose(
  arms: readonly Arm[],
  seen: readonly Observation[],
  random: Random,
): Proposal {
  const settings = arms.map(({ space }) => Math.max(1, dimensionsOf(space).length));
  const all = settings.reduce((sum, n) => sum + n, 0);
  const prior = settings.map((n) => n / all);
  const { good, rest } = divided(seen);
  const share = (of: readonly Observation[], i: number) =>
    (of.filter(({ trainer }) => trainer === arms[i]!.trainer).length + prior[i]!) / (of.length + 1);
  const models = arms.map(({ trainer, space }) => {
    const own = seen.filter((place) => place.trainer === trainer);
    const parts = own.length < FEWEST_SEEN ? { good: [], rest: [] } : divided(own);
    const points = (of: readonly Observation[]) => of.map(({ point }) => complete(space, point));
    return { l: parzen(space, points(parts.good)), g: parzen(space, points(parts.rest)) };
  });
  let best: (Proposal & { readonly worth: number }) | undefined;
  for (let draw = 0; draw < DRAWS; draw++) {
    const i = drawIndex(
      arms.map((_, k) => share(good, k)),
      random,
    );
    const { l, g } = models[i]!;
    const point = l.draw(random);
    const worth =
      Math.log(share(good, i) / share(rest, i)) + l.logDensity(point) - g.logDensity(point);
    if (best === undefined || worth > best.worth)
      best = { trainer: arms[i]!.trainer, point, worth };
  }
  return { trainer: best!.trainer, point: best!.point };
}

function divided(seen: readonly Observation[]) {
  const sorted = [...seen].sort((a, b) => a.loss - b.loss);
  const count = Math.min(MOST_GOOD, Math.ceil(GOOD * sorted.length));
  return { good: sorted.slice(0, count), rest: sorted.slice(count) };
}

/** A setting that was left open counts as the middle of its range. */
const complete = (space: SearchSpace, point: Point): Point =>
  Object.fromEntries(
    dimensionsOf(space).map(([name, { kind }]) => [
      name,
      point[name] ?? (kind === "choice" ? 0 : 0.5),
    ]),
  );

/** Of shares that sum to 1. */
function drawIndex(shares: readonly number[], random: Random): number {
  let left = random.next();
  for (const [i, share] of shares.entries()) {
    left -= share;
    if (left < 0) return i;
  }
  return shares.length - 1;
}
