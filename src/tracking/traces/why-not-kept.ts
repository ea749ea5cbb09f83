import type { Experiment } from "../experiments/experiment.ts";
import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";

export interface WhyNotKeptDeps {
  experiment(id: string): Promise<Pick<Experiment, "lifecycleStage"> | undefined>;
}

/** The error for a trace, or anything else of an experiment, that the store did not keep. */
export async function whyNotKept({ experiment }: WhyNotKeptDeps, id: string): Promise<Error> {
  if ((await experiment(id)) === undefined)
    return doesNotExist(`No Experiment with id=${id} exists`);
  return invalidParameter(
    `The experiment ${id} must be in the 'active' state. Current state is deleted.`,
  );
}
