import type { Task } from "../lib/task.ts";
import { trainerNamed } from "./candidate.ts";
import { breadthFirst } from "./race.ts";
import type { DataShape } from "./trainer.ts";
import type { Candidate } from "./training-spec.ts";

/** The portfolios of the given trainers for data of this shape, simplest first. */
export function planCandidates(
  trainers: readonly string[],
  task: Task,
  shape: DataShape,
): Candidate[] {
  return trainers
    .map(trainerNamed)
    .filter((trainer) => trainer.tasks.includes(task))
    .filter((trainer) => !shape.monotone || trainer.monotone)
    .flatMap((trainer) =>
      trainer.portfolio(shape).map((params, i) => ({
        id: `${trainer.name}-${i + 1}`,
        trainer: trainer.name,
        params: trainer.params.parse(params) as Record<string, unknown>,
      })),
    )
    .map((candidate, rank) => ({ ...candidate, rank }));
}

/** Of a portfolio that is larger than the trials that were asked for: one of each kind first. Trivial ones always stay. */
export function firstTrials(portfolio: readonly Candidate[], trials: number): Candidate[] {
  const real = breadthFirst(portfolio).filter(({ trainer }) => trainer !== "baseline");
  const out = new Set(real.slice(trials));
  return portfolio.filter((candidate) => !out.has(candidate));
}
