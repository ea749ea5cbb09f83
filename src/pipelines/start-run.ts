import { keepRun } from "../tracking/own/keep-run.ts";
import { pairs, type RunRecord } from "../tracking/own/run-record.ts";
import type { Platform } from "./platform.ts";

/** What every further record of a run begins with. Journaled, so that all say the same. */
export type RunHead = Pick<RunRecord, "id" | "experiment" | "name" | "user" | "startTime">;

/** Enters a run of ours among the tracked ones, in the experiment of its model, with where it comes from. */
export async function startRun(
  deps: Pick<Platform, "tracking" | "clock" | "log" | "project" | "user" | "environment">,
  input: {
    readonly runId: string;
    readonly model: string;
    readonly pipeline: string;
    /** Its name, in words. */
    readonly name: string;
    readonly tags?: Readonly<Record<string, unknown>>;
  },
): Promise<RunHead> {
  const { runId: id, model, pipeline, name } = input;
  const { user, environment } = deps;
  const { code, commit } = await deps.project();
  const startTime = (await deps.tracking.runs.get(id))?.startTime ?? deps.clock.now();
  const head: RunHead = { id, experiment: model, name: name.slice(0, 200), user, startTime };
  await keepRun(deps, {
    ...head,
    tags: pairs({
      ...{ "mlflow.user": user, "mlflow.source.type": "JOB" },
      ...{ "mlflow.source.name": `millwright ${pipeline}`, "mlflow.source.git.commit": commit },
      ...{ "millwright.pipeline": pipeline, "millwright.model": model, "millwright.code": code },
      "millwright.environment.node": environment.node,
      "millwright.environment.millwright": environment.millwright,
      "millwright.environment.runtime": environment.runtime,
      ...input.tags,
    }),
  });
  return head;
}
