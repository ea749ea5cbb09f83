import { type RaceRules, roundsForAll, type Standing, type Trial } from "./race.ts";

/** What the best of a race is worth on rows that had no say in choosing it. */
export interface Optimism {
  readonly estimate: number;
  /** By how much the best mean of the race is better than that; in the metric's unit, 0 or more. */
  readonly optimism: number;
}

/**
 * The best of many is the best by luck, too. For every bag of rows the candidate that is best inside of it is asked for its score
 * outside (bootstrap bias corrected cross-validation: Tsamardinos, Greasidou & Borboudakis 2018, "Bootstrapping the out-of-sample
 * predictions for efficient and accurate cross-validation", Machine Learning 107), metric by fold as in the race. What counts is how much better than
 * the mean of all candidates it is there: few rows outside make some metrics worse for everybody.
 *
 * Of the rounds that everybody runs where folds are dealt several times; else of the candidates that ran all rounds, and so a
 * lower bound where some left early. undefined: no bags, or fewer than two candidates.
 */
export function optimismOf(
  current: readonly Standing[],
  trials: readonly Trial[],
  rules: Pick<RaceRules, "better" | "folds" | "repeats">,
): Optimism | undefined {
  const sign = rules.better === "higher" ? 1 : -1;
  const count = (rules.repeats ?? 1) > 1 ? roundsForAll(rules) : rules.folds;
  const rounds = Array.from({ length: count }, (_, fold) => fold);
  const ran = current.flatMap((standing) => {
    const own = trials.filter((trial) => trial.candidate === standing.candidate.id);
    const found = rounds.flatMap((fold) => own.find((trial) => trial.fold === fold) ?? []);
    const whole = found.length === count && found.every(({ error, bags }) => !error && bags);
    return whole ? [found] : [];
  });
  if (ran.length < 2) return undefined;

  const gains: number[] = [];
  for (let b = 0; b < ran[0]![0]!.bags!.inside.length; b++) {
    const at = (part: "inside" | "outside", { bags }: Trial) => bags![part][b] ?? Number.NaN;
    const told = rounds.filter((fold) =>
      ran.every((own) => Number.isFinite(at("inside", own[fold]!) + at("outside", own[fold]!))),
    );
    if (told.length === 0) continue;
    const means = (part: "inside" | "outside") =>
      ran.map((own) => mean(told.map((fold) => at(part, own[fold]!))));
    const rates = means("inside").map((rate) => sign * rate);
    const outside = means("outside");
    gains.push(outside[rates.indexOf(Math.max(...rates))]! - mean(outside));
  }
  if (gains.length === 0) return undefined;
  const estimate = mean(ran.map((own) => mean(own.map(({ score }) => score)))) + mean(gains);
  const most = Math.max(...current.map(({ folds }) => folds));
  const best = Math.max(
    ...current.filter((s) => s.state !== "failed" && s.folds === most).map((s) => sign * s.mean),
  );
  return { estimate, optimism: Math.max(0, best - sign * estimate) };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
