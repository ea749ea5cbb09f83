import { random } from "../../lib/random.ts";
import { trainerNamed } from "../candidate.ts";
import type { RaceRules, Standing, Trial } from "../race.ts";
import type { DataShape } from "../trainer.ts";
import type { Candidate } from "../training-spec.ts";
import { paramsAt, pointOf } from "./space.ts";
import { type Arm, type Observation, propose } from "./tpe.ts";

/** Attempts to find a configuration that has not been tried. */
const ATTEMPTS = 20;

/** What a search may still change of the trainers that race. */
export const armsOf = (trainers: readonly string[], shape: DataShape): Arm[] =>
  trainers.map(trainerNamed).flatMap((trainer) => {
    const space =
      trainer.tasks.includes(shape.task) && (!shape.monotone || trainer.monotone)
        ? trainer.space?.(shape)
        : undefined;
    return space ? [{ trainer: trainer.name, space }] : [];
  });

/**
 * The next configurations to try, at most `count`: what is proposed counts as tried and bad for those after it, so that they
 * differ. Deterministic for (arms, candidates, trials, seed, round): whoever takes a run over proposes the same.
 */
export function proposeRound(input: {
  readonly arms: readonly Arm[];
  readonly candidates: readonly Candidate[];
  readonly trials: readonly Trial[];
  readonly incumbent: Standing;
  readonly rules: Pick<RaceRules, "better">;
  readonly seed: number;
  readonly round: number;
  readonly count: number;
}): Candidate[] {
  const { arms, candidates, count } = input;
  const rng = random(input.seed).split("search").split(input.round);
  const seen: Observation[] = observations(input);
  const tried = new Set(candidates.map(keyOf));
  const proposed: Candidate[] = [];
  for (let attempt = 0; proposed.length < count && attempt < count + ATTEMPTS; attempt++) {
    const { trainer, point } = propose(arms, seen, rng.split(attempt));
    const { space } = arms.find((arm) => arm.trainer === trainer)!;
    const params = trainerNamed(trainer).params.parse(
      paramsAt(space, point),
    ) as Candidate["params"];
    seen.push({ trainer, point, loss: Number.POSITIVE_INFINITY });
    if (tried.has(keyOf({ trainer, params }))) continue;
    tried.add(keyOf({ trainer, params }));
    const own = [...candidates, ...proposed].filter((one) => one.trainer === trainer);
    // Further than the portfolio's: of two that are equally good the one that was written down stays.
    const rank = Math.max(0, ...own.map((one) => one.rank));
    proposed.push({ id: `${trainer}-${own.length + 1}`, trainer, params, rank });
  }
  return proposed;
}

const keyOf = ({ trainer, params }: Pick<Candidate, "trainer" | "params">): string =>
  `${trainer} ${JSON.stringify(params)}`;

/**
 * Every candidate of an arm that was tried: how far behind the incumbent it was on the folds that it ran, so that who left early
 * and who stayed are on one scale. Failed ones are the worst.
 */
function observations({
  arms,
  candidates,
  trials,
  incumbent,
  rules,
}: Parameters<typeof proposeRound>[0]): Observation[] {
  const sign = rules.better === "higher" ? 1 : -1;
  const best = new Map(
    trials
      .filter((trial) => trial.candidate === incumbent.candidate.id)
      .map((trial) => [trial.fold, trial.score]),
  );
  return candidates.flatMap((candidate): Observation[] => {
    const arm = arms.find(({ trainer }) => trainer === candidate.trainer);
    const own = trials.filter((trial) => trial.candidate === candidate.id);
    if (!arm || own.length === 0) return [];
    const behind = own.map(({ fold, score, error }) =>
      error === undefined ? sign * ((best.get(fold) ?? Number.NaN) - score) : Number.NaN,
    );
    const mean = behind.reduce((a, b) => a + b, 0) / behind.length;
    const loss = Number.isNaN(mean) ? Number.POSITIVE_INFINITY : mean;
    return [{ trainer: arm.trainer, point: pointOf(arm.space, candidate.params), loss }];
  });
}
