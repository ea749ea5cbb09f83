import type { Clock } from "../../lib/clock.ts";
import { utf8Bytes } from "../../lib/utf8.ts";
import { joinPath } from "../../storage/artifacts/artifact-path.ts";
import { inPlainWords } from "../artifacts/in-plain-words.ts";
import { type LocateDeps, locateArtifacts } from "../artifacts/locate-artifacts.ts";
import { checkedBatch } from "../runs/log/checked.ts";
import type { RunEntry, Verdict } from "../runs/log/entry.ts";
import { throwRefused } from "../runs/refusals.ts";
import type { NewRun, TrackedRunStore } from "../runs/store.ts";
import { modelFiles, type PromptLabRun, resultTable, TABLE } from "./prompt-lab-run.ts";

export interface KeepPromptLabRunDeps {
  readonly runs: Pick<TrackedRunStore, "create" | "update">;
  readonly log: { submit(entry: RunEntry): Promise<Verdict> };
  readonly located: LocateDeps;
  readonly clock: Clock;
}

/** A finished run with params, tags, the table and the model; failed when its files cannot be kept. undefined: no such active experiment. */
export async function keepPromptLabRun(
  deps: KeepPromptLabRunDeps,
  wanted: NewRun,
  tried: PromptLabRun,
): Promise<string | undefined> {
  const entry = checkedBatch({
    ...{ run: wanted.id, metrics: [] },
    params: [
      ...tried.modelParams,
      { key: "model_route", value: tried.model },
      { key: "prompt_template", value: tried.template },
    ],
    tags: [
      // As Python writes it: MLflow's pages compare.
      { key: "mlflow.loggedArtifacts", value: `[{"path": "${TABLE}", "type": "table"}]` },
      { key: "mlflow.runSourceType", value: "PROMPT_ENGINEERING" },
    ],
  });
  const run = await deps.runs.create(wanted);
  if (run === undefined || run === "deleted") return undefined;
  let status: "FINISHED" | "FAILED" = "FAILED";
  try {
    throwRefused(run.id, await deps.log.submit(entry));
    const files = {
      [TABLE]: resultTable(tried),
      ...modelFiles(tried, { id: run.id, createdAt: deps.clock.now() }),
    };
    const { artifacts, path } = await locateArtifacts(deps.located, run.artifactUri);
    for (const [file, content] of Object.entries(files))
      await inPlainWords(() => artifacts.write(joinPath(path, file), once(content)));
    status = "FINISHED";
  } finally {
    await deps.runs.update(run.id, { status, endTime: deps.clock.now(), name: undefined });
  }
  return run.id;
}

async function* once(content: string): AsyncGenerator<Uint8Array> {
  yield utf8Bytes(content);
}
