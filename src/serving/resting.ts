import type { Digest } from "../lib/digest.ts";

/**
 * Models that are not asked for a while, because asking them again at once would only cost time: those that could not be loaded
 * (every attempt reads the file), and those whose last answer was late (the computing of a model holds up the whole process, so no
 * alarm can ring while it does). Only asked where somebody stands in; at the end of the rest one request tries again.
 */
export interface Resting {
  rests(model: Digest, now: number): boolean;
  rest(model: Digest, until: number): void;
}

/** Beyond so many, the ones that rested longest are tried again. */
const MOST = 1000;

export function resting(): Resting {
  const until = new Map<Digest, number>();
  return {
    rests(model, now) {
      const end = until.get(model);
      if (end === undefined || now < end) return end !== undefined;
      until.delete(model);
      return false;
    },
    rest(model, end) {
      until.delete(model);
      until.set(model, end);
      if (until.size > MOST) until.delete(until.keys().next().value!);
    },
  };
}
