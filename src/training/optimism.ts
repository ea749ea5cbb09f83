import type { RaceRules, Standing, Trial } from "./race.ts";

/** What the best of a race would have scored on folds that had no say in choosing it. */
export interface Optimism {
  /** Mean over folds, each of the candidate that is best on the others. */
  readonly estimate: number;
  /** By how much the best mean of the race is better than that; in the metric's unit, 0 or more. */
  readonly optimism: number;
}

/**
 * The best of many is the best by luck, too. For every fold the candidate with the best mean on the other folds is asked for its
 * score on this one (cross-validated choice, as the outer loop of nested cross-validation, with the fits that there are). Of the
 * candidates that ran every fold only, so it is a lower bound where some left early. undefined: fewer than three folds or two candidates.
 */
export function optimismOf(
  current: readonly Standing[],
  trials: readonly Trial[],
  { better, folds }: Pick<RaceRules, "better" | "folds">,
): Optimism | undefined {
  const sign = better === "higher" ? 1 : -1;
  const full = current.filter((s) => s.state === "finished").map((s) => s.candidate.id);
  if (full.length < 2 || folds < 3) return undefined;
  const scores = full.map((id) => {
    const own = trials.filter((trial) => trial.candidate === id);
    return Array.from({ length: folds }, (_, f) => own.find(({ fold }) => fold === f)!.score);
  });
  const best = (rate: (of: readonly number[]) => number): number => {
    const rates = scores.map((of) => sign * rate(of));
    return rates.indexOf(Math.max(...rates));
  };
  const total = (of: readonly number[]) => of.reduce((a, b) => a + b, 0);
  const outside = Array.from(
    { length: folds },
    (_, f) => scores[best((of) => total(of) - of[f]!)]![f]!,
  );
  const estimate = total(outside) / folds;
  const winner = total(scores[best(total)]!) / folds;
  return { estimate, optimism: Math.max(0, sign * (winner - estimate)) };
}
