/** A score and where it stands. */
export interface Ranked {
  readonly score: number;
  readonly place: number;
}

/**
 * Keeps the `most` highest scores of a stream of any length, in memory for `most`: a heap with the weakest on top. Equal scores
 * rank by place, the earlier first, so that the order in which they come does not matter. NaN is not ranked.
 */
export function highest(most: number) {
  const scores: number[] = [];
  const places: number[] = [];
  const weaker = (a: number, b: number): boolean =>
    scores[a]! < scores[b]! || (scores[a] === scores[b] && places[a]! > places[b]!);
  const swap = (a: number, b: number): void => {
    [scores[a], scores[b]] = [scores[b]!, scores[a]!];
    [places[a], places[b]] = [places[b]!, places[a]!];
  };
  const rise = (from: number): void => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!weaker(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      let weakest = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < scores.length && weaker(child, weakest)) weakest = child;
      if (weakest === at) return;
      swap(at, weakest);
      at = weakest;
    }
  };
  return {
    add(score: number, place: number): void {
      if (Number.isNaN(score)) return;
      if (scores.length < most) {
        scores.push(score);
        places.push(place);
        rise(scores.length - 1);
      } else if (most > 0 && (score > scores[0]! || (score === scores[0] && place < places[0]!))) {
        scores[0] = score;
        places[0] = place;
        sink();
      }
    },
    /** The highest first. */
    ranked: (): Ranked[] =>
      scores
        .map((score, i) => ({ score, place: places[i]! }))
        .sort((a, b) => b.score - a.score || a.place - b.place),
  };
}
