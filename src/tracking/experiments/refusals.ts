import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";
import { experimentId } from "./experiment.ts";

export const noSuchExperiment = (given: string) =>
  doesNotExist(`No Experiment with id=${given.trim()} exists`);

export const deletedExperiment = (id: string) =>
  invalidParameter(`The experiment ${id} must be in the 'active' state. Current state is deleted.`);

/** The id as it is kept, of what a caller gave. Throws what MLflow says of text that is no integer, or that no experiment can have. */
export function experimentIdOf(given: string): string {
  const id = experimentId(given);
  if (id === "none") throw noSuchExperiment(given);
  if (id !== undefined) return id;
  throw invalidParameter(
    `Invalid experiment ID '${given.slice(0, 100)}'. Experiment ID must be a valid integer.`,
  );
}
