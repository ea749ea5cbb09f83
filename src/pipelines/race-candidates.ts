import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Steps } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import { metricNamed } from "../evaluation/metrics/all.ts";
import type { TryInput } from "../evaluation/try-candidate.ts";
import type { Digest } from "../lib/digest.ts";
import { leaderboard } from "../training/leaderboard.ts";
import { optimismOf } from "../training/optimism.ts";
import {
  breadthFirst,
  choose,
  dropAfterRung,
  type RaceRules,
  roundsForAll,
  standings,
  type Trial,
} from "../training/race.ts";
import type { Candidate } from "../training/training-spec.ts";
import { isCommand, isRemote } from "./command-trainer.ts";
import { inParallel } from "./in-parallel.ts";
import type { TrainingPlan } from "./plan-training.ts";
import type { Platform } from "./platform.ts";
import { type RaceState, rungRows, searchFurther } from "./search-further.ts";
import type { RacedFold } from "./tracked-training.ts";
import { tryCommand } from "./try-command.ts";
import { tryElsewhere } from "./try-elsewhere.ts";

export interface RaceOutcome {
  readonly winner: Candidate;
  readonly baselines: readonly Candidate[];
  /** Blob of the Leaderboard. */
  readonly leaderboard: Digest;
  readonly reason: string;
}

type Deps = Pick<Platform, "threads"> & Parameters<typeof tryElsewhere>[0];

interface RaceInput {
  readonly steps: Steps;
  readonly data: DatasetVersion;
  readonly plan: TrainingPlan;
  /** Is told what was raced: after the portfolio, and after every round of a search. */
  readonly onRaced: (
    part: string,
    raced: readonly RacedFold[],
    candidates: readonly Candidate[],
  ) => Promise<unknown>;
}

/** However short the budget: so many are started in every rung, for something to choose from. */
const FEWEST_STARTS = 3;

/** Lets the portfolio race over the folds, searches further as far as the budget goes, and chooses. */
export async function raceCandidates(deps: Deps, input: RaceInput): Promise<RaceOutcome> {
  const { plan, data } = input;
  const { spec, folds } = plan;
  const metric = metricNamed(spec.metric, spec.task);
  const { repeats } = spec;
  const rules = {
    ...{ better: metric.better, folds, keep: ["baseline"], metric: spec.metric },
    ...(repeats ? { repeats } : {}),
  };
  const begun = await racePortfolio(deps, input, rules);
  await input.onRaced("race", begun.raced, plan.candidates);
  const race = await searchFurther(deps, {
    ...{ ...input, rules, begun },
    onRound: (round, raced, candidates) => input.onRaced(`round ${round}`, [raced], candidates),
  });

  const { candidates, trials } = race;
  const final = standings(candidates, trials, rules, race.dropped);
  const choice = choose(final, trials, rules);
  if (!choice) {
    const errors = final.map((s) => `${s.candidate.id}: ${s.error ?? "not tried"}`).slice(0, 5);
    throw new MillwrightError("invalid_data", `No candidate could be fitted. ${errors.join("; ")}`);
  }
  const optimism = optimismOf(final, trials, rules);
  const proposed = candidates.length - plan.candidates.length;
  const board = leaderboard(final, choice, {
    metric: spec.metric,
    better: metric.better,
    folds,
    split: plan.splitReason,
    dataset: data.id,
    trainedRows: plan.trainRows,
    testRows: plan.testRows,
    ...(plan.leftOut === undefined ? {} : { leftOut: plan.leftOut }),
    ...(optimism ? { optimism } : {}),
    ...(spec.search ? { search: { proposed, rounds: race.rounds, ended: race.ended } } : {}),
  });
  return {
    winner: choice.winner.candidate,
    baselines: candidates.filter((c) => c.trainer === "baseline"),
    leaderboard: await deps.blobs.put(utf8ToBytes(JSON.stringify(board))),
    reason: choice.reason,
  };
}

/** Successive halving over folds: one step a rung, candidates side by side in compute threads. */
async function racePortfolio(
  deps: Deps,
  { data, plan, steps }: RaceInput,
  rules: RaceRules,
): Promise<RaceState & { readonly raced: readonly RacedFold[] }> {
  const { spec, candidates, folds } = plan;
  const trials: Trial[] = [];
  const raced: RacedFold[] = [];
  const dropped = new Set<string>();
  let spentMs = 0;

  for (let rung = 0; rung < folds; rung++) {
    const current = standings(candidates, trials, rules, dropped);
    // Later rungs start with the best: what the budget cuts off is what would hardly have won.
    const racing =
      rung === 0
        ? breadthFirst(candidates)
        : current.filter((s) => s.state === "racing").map((s) => s.candidate);
    if (rung > 0 && spentMs >= spec.budgetMs) break;
    const own = racing.filter((candidate) => !isCommand(candidate));
    const maxRows = rungRows(rung);
    const found = await steps.step(`race: fold ${rung + 1} of ${folds}`, async (step) => {
      const started = deps.clock.now();
      const spent = () => deps.clock.now() - started;
      let done = 0;
      const attempts = own.map((candidate) => async (): Promise<Trial> => {
        step.progress(candidate.id, done / own.length);
        const attempt: TryInput = {
          spec,
          data: data.data,
          candidate,
          fold: rung,
          folds: plan.foldCount,
          maxRows,
        };
        const trial = await deps.compute.run<Trial>("try", attempt, { signal: step.signal });
        done++;
        return trial;
      });
      const results = await inParallel(attempts, deps.threads, {
        open: () => spent() < spec.budgetMs - spentMs,
        atLeast: FEWEST_STARTS,
      });
      return { results, spentMs: spent(), at: deps.clock.now() };
    });
    const results = [...found.results];
    // Each a step of its own, and outside of the budget: programs have a limit of their own.
    const programs = racing.filter(isCommand);
    const here = { data, spec, maxRows, fold: rung, folds: plan.foldCount };
    for (const candidate of programs.filter((one) => !isRemote(one)))
      results.push(
        await steps.step(`race: fold ${rung + 1} of ${folds}: ${candidate.id}`, (step) =>
          tryCommand(deps, { ...here, candidate, step }),
        ),
      );
    const away = programs.filter(isRemote);
    results.push(
      ...(await tryElsewhere(deps, {
        ...here,
        ...{ steps, candidates: away, name: `race: fold ${rung + 1} of ${folds}` },
      })),
    );
    trials.push(...results);
    raced.push({ results, at: found.at });
    spentMs += found.spentMs;
    if (rung + 1 < folds && rung + 1 >= roundsForAll(rules))
      for (const id of dropAfterRung(standings(candidates, trials, rules, dropped), rules))
        dropped.add(id);
  }
  return { candidates, trials, raced, dropped, spentMs };
}
