import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Steps } from "../engine/engine.ts";
import type { TryInput } from "../evaluation/try-candidate.ts";
import {
  type RaceRules,
  roundsForAll,
  type Standing,
  standings,
  type Trial,
} from "../training/race.ts";
import { isWorse } from "../training/search/against.ts";
import { armsOf, proposeRound } from "../training/search/round.ts";
import type { Candidate } from "../training/training-spec.ts";
import { inParallel } from "./in-parallel.ts";
import type { TrainingPlan } from "./plan-training.ts";
import type { Platform } from "./platform.ts";
import type { RacedFold } from "./tracked-training.ts";

/** How a race stands: who has run what, who has left. */
export interface RaceState {
  readonly candidates: readonly Candidate[];
  readonly trials: readonly Trial[];
  readonly dropped: ReadonlySet<string>;
  /** Of the race so far, on the wall. */
  readonly spentMs: number;
}

export interface Searched extends RaceState {
  readonly rounds: number;
  /** Why it went no further, in words. */
  readonly ended: string;
}

/** Proposed together, whatever the number of threads: the outcome must not depend on it. */
const PER_ROUND = 8;
/** Rounds without progress after which a search with a budget of time or money ends; of trials it uses what it was given. */
const PATIENCE = 4;
/** Progress is worth so much of a standard error of the best. */
const PROGRESS = 0.1;
/** Rows a candidate is fitted on in the first rung and in the later ones. */
const RUNG_ROWS = [20_000, 60_000] as const;
export const rungRows = (rung: number): number => RUNG_ROWS[Math.min(rung, RUNG_ROWS.length - 1)]!;

/**
 * Tries configurations nobody wrote down, until the budget is used up: a round of proposals is a step. Each proposal runs fold by
 * fold beside the others and leaves when it is worse than the incumbent of the round's beginning.
 */
export async function searchFurther(
  deps: Pick<Platform, "threads" | "compute" | "clock">,
  input: {
    readonly steps: Steps;
    readonly data: DatasetVersion;
    readonly plan: TrainingPlan;
    readonly rules: RaceRules;
    readonly begun: RaceState;
    /** After every round: a step of its own. */
    readonly onRound: (
      round: number,
      raced: RacedFold,
      candidates: readonly Candidate[],
    ) => Promise<unknown>;
  },
): Promise<Searched> {
  const { steps, data, plan, rules } = input;
  const { spec, folds } = plan;
  const forAll = roundsForAll(rules);
  let { candidates, trials, dropped, spentMs } = input.begun;
  let round = 0;
  let best = incumbentOf(standings(candidates, trials, rules, dropped), rules);
  let since = 0;
  const done = (ended: string): Searched => ({
    ...{ candidates, trials, dropped, spentMs, rounds: round, ended },
  });
  const arms = plan.shape ? armsOf(spec.trainers, plan.shape) : [];
  if (!spec.search || arms.length === 0) return done("nothing to search");

  for (;;) {
    const used = usedUp(spec, { candidates, trials, spentMs });
    if (used !== undefined) return done(used);
    if (best === undefined) return done("no candidate has run every fold");
    if (spec.search.trials === undefined && since >= PATIENCE)
      return done(`${PATIENCE} rounds brought nothing better`);
    const left = (spec.search.trials ?? Number.POSITIVE_INFINITY) - counted(candidates);
    const incumbent = best;
    const proposed = proposeRound({
      ...{ arms, candidates, trials, incumbent, rules, round },
      ...{ seed: spec.seed, count: Math.min(PER_ROUND, left) },
    });
    if (proposed.length === 0) return done("every configuration was tried");
    round++;
    const theirs = trials.filter((trial) => trial.candidate === incumbent.candidate.id);
    const found = await steps.step(`search: round ${round}`, async (step) => {
      const started = deps.clock.now();
      const spent = () => deps.clock.now() - started;
      const open = () => spent() < spec.budgetMs - spentMs;
      let finished = 0;
      const lanes = proposed.map((candidate) => async (): Promise<Trial[]> => {
        const own: Trial[] = [];
        step.progress(candidate.id, finished / proposed.length);
        for (let fold = 0; fold < folds && (fold === 0 || open()); fold++) {
          const attempt: TryInput = {
            ...{ spec, data: data.data, candidate, fold, folds: plan.foldCount },
            maxRows: rungRows(fold),
          };
          own.push(await deps.compute.run<Trial>("try", attempt, { signal: step.signal }));
          if (own.at(-1)!.error !== undefined) break;
          if (fold + 1 >= forAll && isWorse(own, theirs, rules)) break;
        }
        finished++;
        return own;
      });
      const results = await inParallel(lanes, deps.threads, { open, atLeast: 0 });
      return { results: results.flat(), spentMs: spent(), at: deps.clock.now() };
    });
    const { results } = found;
    const ran = new Set(results.map((trial) => trial.candidate));
    const added = proposed.filter(({ id }) => ran.has(id));
    candidates = [...candidates, ...added];
    trials = [...trials, ...results];
    spentMs += found.spentMs;
    const worse = added.filter(({ id }) =>
      isWorse(
        results.filter((trial) => trial.candidate === id),
        theirs,
        rules,
      ),
    );
    dropped = new Set([...dropped, ...worse.map(({ id }) => id)]);
    await input.onRound(round, { results, at: found.at }, added);
    const next = incumbentOf(standings(candidates, trials, rules, dropped), rules)!;
    const gain = Math.abs(next.mean - incumbent.mean);
    since =
      next.candidate.id !== incumbent.candidate.id && gain > PROGRESS * next.standardError
        ? 0
        : since + 1;
    best = next;
  }
}

/** The best mean among those that ran every fold. */
function incumbentOf(current: readonly Standing[], { better, folds }: RaceRules) {
  const sign = better === "higher" ? 1 : -1;
  const full = current.filter((s) => s.state !== "failed" && s.folds >= folds);
  return full.sort((a, b) => sign * (b.mean - a.mean) || a.candidate.rank - b.candidate.rank)[0];
}

/** Trivial candidates and programs count as no trial. */
const counted = (candidates: readonly Candidate[]): number =>
  candidates.filter(({ trainer }) => trainer !== "baseline" && trainer !== "command").length;

function usedUp(
  { budgetMs, search }: TrainingPlan["spec"],
  { candidates, trials, spentMs }: Pick<RaceState, "candidates" | "trials" | "spentMs">,
): string | undefined {
  if (search?.trials !== undefined && counted(candidates) >= search.trials)
    return `${search.trials} trials were asked for`;
  if (spentMs >= budgetMs) return "the time was used up";
  const cpuSeconds = trials.reduce((sum, { seconds }) => sum + seconds, 0);
  if (search?.cpuSeconds !== undefined && cpuSeconds >= search.cpuSeconds)
    return "the money was used up";
  return undefined;
}
