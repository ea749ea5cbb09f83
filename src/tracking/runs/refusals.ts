import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";
import type { Verdict } from "./log/entry.ts";

export const noSuchRun = (run: string) => doesNotExist(`Run with id=${run} not found`);

export const deletedRun = (run: string) =>
  invalidParameter(`The run ${run} must be in the 'active' state. Current state is deleted.`);

/** Throws what MLflow says of an entry that was refused. */
export function throwRefused(run: string, verdict: Verdict): void {
  switch (verdict.outcome) {
    case "kept":
      return;
    case "no such run":
      throw noSuchRun(run);
    case "deleted":
      throw deletedRun(run);
    case "no such model":
      throw doesNotExist(`Logged model with ID '${verdict.model}' not found.`);
    case "param changed":
      throw invalidParameter(
        `Changing param values is not allowed. Param with key='${verdict.key}' was already logged with value='${verdict.kept}' for run ID='${run}'. Attempted logging new value '${verdict.given}'.`,
      );
  }
}
