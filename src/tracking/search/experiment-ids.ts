import { experimentId } from "../experiments/experiment.ts";
import { invalidParameter } from "../mlflow/errors.ts";

const MAX_EXPERIMENTS = 10_000;

/** Each once. Ids nobody has find nothing; what is no id at all is refused. */
export function experimentIds(given: readonly string[]): readonly string[] {
  if (given.length > MAX_EXPERIMENTS)
    throw invalidParameter(
      `experiment_ids has ${given.length} entries; at most ${MAX_EXPERIMENTS} are searched at once.`,
    );
  return [
    ...new Set(
      given.flatMap((text) => {
        const id = experimentId(text);
        if (id === undefined)
          throw invalidParameter(
            `Invalid value '${text.slice(0, 100)}' for parameter 'experiment_ids' supplied: an experiment id is a decimal integer.`,
          );
        return id === "none" ? [] : [id];
      }),
    ),
  ];
}
