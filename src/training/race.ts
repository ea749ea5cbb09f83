import type { Candidate } from "./training-spec.ts";

/**
 * A race over folds (successive halving, Jamieson & Talwalkar 2016, with folds as the resource): in rung r every survivor is
 * fitted on fold r; after a rung the worse half leaves, except those within one standard error of the best. Baselines stay to
 * the end. The order of results does not matter, so the outcome does not depend on the number of threads.
 */
export interface Trial {
  readonly candidate: string;
  readonly fold: number;
  /** Metric value, oriented as the metric is; NaN when the fit failed. */
  readonly score: number;
  readonly seconds: number;
  /** Standard error of `score` on this fold's rows (bootstrap); used while a candidate has a single fold. */
  readonly standardError: number;
  readonly complexity: number;
  readonly error: string | undefined;
  /** What a program says of its own fit, by name. Decides nothing. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** The metric on equal parts of this fold's rows, the same parts for every candidate; null where it is not defined. */
  readonly blocks?: readonly (number | null)[];
  /** Of few rows: what tells how much of the best score is luck. */
  readonly bags?: BagScores;
}

/**
 * The metric on those of a fold's rows that a bag holds, as often as it holds them, and on those that it does not hold: a number a
 * bag, the same bags for every candidate and fold; null where it is not defined.
 */
export interface BagScores {
  readonly inside: readonly (number | null)[];
  readonly outside: readonly (number | null)[];
}

/** With fewer training rows the luck of the deal decides among candidates: folds are dealt several times, and luck is measured. */
export const FEW_ROWS = 1000;

export interface Standing {
  readonly candidate: Candidate;
  readonly folds: number;
  readonly mean: number;
  /** Standard error of the mean over folds (single fold: the fold's own). */
  readonly standardError: number;
  readonly seconds: number;
  readonly complexity: number;
  readonly state: "racing" | "finished" | "dropped" | "failed" | "not tried";
  readonly error: string | undefined;
}

export interface RaceRules {
  readonly better: "higher" | "lower";
  readonly folds: number;
  /** Candidates whose trainer is listed here are never dropped (baselines). */
  readonly keep: readonly string[];
  /** How often the same rows were dealt into folds; absent: once. */
  readonly repeats?: number;
}

/**
 * Of a mean over n folds, as a share of their deviation. Rounds that share rows are no new evidence: with repeats the correction of
 * Nadeau & Bengio (2003), test rows / training rows = 1 / (k - 1).
 */
const errorShare = (n: number, { folds, repeats = 1 }: Pick<RaceRules, "folds" | "repeats">) =>
  Math.sqrt(1 / n + (repeats > 1 ? 1 / Math.max(1, folds / repeats - 1) : 0));

export function standings(
  candidates: readonly Candidate[],
  trials: readonly Trial[],
  rules: RaceRules,
  dropped: ReadonlySet<string> = new Set(),
): Standing[] {
  const rows = candidates.map((candidate): Standing => {
    const own = trials.filter((t) => t.candidate === candidate.id).sort((a, b) => a.fold - b.fold);
    const failed = own.find((t) => t.error !== undefined);
    const scores = own.filter((t) => t.error === undefined).map((t) => t.score);
    const n = scores.length;
    const mean = n === 0 ? Number.NaN : scores.reduce((a, b) => a + b, 0) / n;
    const spread = Math.sqrt(scores.reduce((a, s) => a + (s - mean) ** 2, 0) / Math.max(1, n - 1));
    return {
      candidate,
      folds: n,
      mean,
      standardError: n > 1 ? spread * errorShare(n, rules) : (own[0]?.standardError ?? Number.NaN),
      seconds: own.reduce((a, t) => a + t.seconds, 0),
      complexity: Math.max(0, ...own.map((t) => t.complexity)),
      state: failed
        ? "failed"
        : own.length === 0
          ? "not tried"
          : dropped.has(candidate.id)
            ? "dropped"
            : n >= rules.folds
              ? "finished"
              : "racing",
      error: failed?.error,
    };
  });
  const sign = rules.better === "higher" ? -1 : 1;
  const key = (s: Standing) => (Number.isNaN(s.mean) ? Number.POSITIVE_INFINITY : sign * s.mean);
  return rows.sort(
    (a, b) => b.folds - a.folds || key(a) - key(b) || a.candidate.rank - b.candidate.rank,
  );
}

/**
 * The order in which candidates start in the first rung: every trainer's first configuration before anybody's second, so that a
 * budget that runs out has seen one of each kind.
 */
export function breadthFirst(candidates: readonly Candidate[]): Candidate[] {
  const place = (candidate: Candidate) =>
    candidates.filter((c) => c.trainer === candidate.trainer && c.rank < candidate.rank).length;
  return [...candidates].sort((a, b) => place(a) - place(b) || a.rank - b.rank);
}

/**
 * Rounds that everybody runs. Where folds are dealt several times: one dealing, as a fold of few rows says little of who is better,
 * and the luck of a choice can be told only as far as all that were chosen from have run.
 */
export const roundsForAll = ({ folds, repeats = 1 }: Pick<RaceRules, "folds" | "repeats">) =>
  repeats > 1 ? Math.ceil(folds / repeats) : 1;

/** Ids that leave after a rung. */
export function dropAfterRung(current: readonly Standing[], rules: RaceRules): string[] {
  const racing = current.filter(
    (s) => s.state === "racing" && !rules.keep.includes(s.candidate.trainer),
  );
  if (racing.length <= 2) return [];
  const sign = rules.better === "higher" ? 1 : -1;
  const ordered = [...racing].sort((a, b) => sign * (b.mean - a.mean));
  const best = ordered[0]!;
  const survivors = Math.max(2, Math.ceil(ordered.length / 2));
  const within = (s: Standing) => sign * (best.mean - s.mean) <= best.standardError;
  return ordered.filter((s, i) => i >= survivors && !within(s)).map((s) => s.candidate.id);
}

export interface Choice {
  readonly winner: Standing;
  readonly best: Standing;
  /** One sentence for people. */
  readonly reason: string;
}

/**
 * The one-standard-error rule (Breiman et al. 1984, 3.4.3): among candidates with the most folds, the simplest whose mean is
 * within one standard error of the best. Standard errors are those of the paired differences over folds when there are two or more.
 */
export function choose(
  current: readonly Standing[],
  trials: readonly Trial[],
  rules: RaceRules & { readonly metric: string },
): Choice | undefined {
  const most = Math.max(0, ...current.filter((s) => s.state !== "failed").map((s) => s.folds));
  const finished = current.filter((s) => s.state !== "failed" && s.folds === most && most > 0);
  const sign = rules.better === "higher" ? 1 : -1;
  const best = [...finished].sort((a, b) => sign * (b.mean - a.mean))[0];
  if (!best) return undefined;
  const scoreOf = (id: string, fold: number) =>
    trials.find((t) => t.candidate === id && t.fold === fold)?.score ?? Number.NaN;
  const tolerance = (s: Standing): number => {
    if (most < 2) return best.standardError;
    const differences = Array.from(
      { length: most },
      (_, f) => sign * (scoreOf(best.candidate.id, f) - scoreOf(s.candidate.id, f)),
    );
    const mean = differences.reduce((a, b) => a + b, 0) / most;
    const variance = differences.reduce((a, d) => a + (d - mean) ** 2, 0) / (most - 1);
    return Math.sqrt(variance) * errorShare(most, rules);
  };
  const eligible = finished.filter(
    (s) => s === best || sign * (best.mean - s.mean) <= tolerance(s),
  );
  const winner = [...eligible].sort(
    (a, b) => a.candidate.rank - b.candidate.rank || a.complexity - b.complexity,
  )[0]!;
  const shown = (s: Standing) => `${figure(s.mean)} ± ${figure(s.standardError)}`;
  const reason =
    winner === best
      ? `${winner.candidate.id} has the best ${rules.metric} (${shown(winner)} over ${most} fold${most === 1 ? "" : "s"}) and nothing simpler comes within one standard error of it.`
      : `${winner.candidate.id} (${rules.metric} ${shown(winner)}) is simpler than the best, ${best.candidate.id} (${shown(best)}), and within one standard error of it: the difference is not worth the complexity.`;
  return { winner, best, reason };
}

const figure = (value: number): string =>
  Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en-US")
    : String(Number(value.toPrecision(4)));
