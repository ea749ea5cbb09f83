import { signedRankGreater } from "../../stats/wilcoxon.ts";
import type { RaceRules, Trial } from "../race.ts";

/** Of those as good as the incumbent so many leave after a fold by chance. Measured: bench/search/RESULTS.md. */
const ERROR = 0.1;

/**
 * Whether a candidate is worse than the incumbent on the folds that it has run: Wilcoxon's signed-rank test on the differences of
 * the metric in equal parts of their rows. It asks about the metric itself, needs no shape of its distribution, and answers after
 * one fold. With too few rows for parts: worse by more than one standard error of the incumbent.
 */
export function isWorse(
  own: readonly Trial[],
  incumbent: readonly Trial[],
  { better }: Pick<RaceRules, "better">,
): boolean {
  const sign = better === "higher" ? 1 : -1;
  const pairs = own.flatMap((trial) => {
    const other = incumbent.find(({ fold }) => fold === trial.fold);
    return other ? [[trial, other] as const] : [];
  });
  if (pairs.length === 0) return false;
  const behind = pairs.map(([mine, theirs]) => sign * (theirs.score - mine.score));
  const mean = behind.reduce((a, b) => a + b, 0) / behind.length;
  if (!(mean > 0)) return false;
  const differences = pairs.flatMap(([mine, theirs]) =>
    (mine.blocks ?? []).flatMap((value, b) => {
      const other = theirs.blocks?.[b];
      return typeof value === "number" && typeof other === "number" ? [sign * (other - value)] : [];
    }),
  );
  if (differences.length >= 5) return signedRankGreater(differences) < ERROR;
  const errors = pairs.map(([, theirs]) => theirs.standardError);
  return mean > Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0)) / errors.length;
}
