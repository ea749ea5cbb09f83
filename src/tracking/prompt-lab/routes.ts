import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { Json } from "../../lib/json.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { absent, integer, list, text } from "../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { storable, storableJson } from "../mlflow/storable.ts";
import { hexId } from "../runs/hex-id.ts";
import { checkedTag } from "../runs/log/checked.ts";
import { randomName } from "../runs/random-name.ts";
import { runWire } from "../runs/run-wire.ts";
import type { TrackedRunStore } from "../runs/store.ts";
import type { Param } from "../runs/tracked-run.ts";
import { experimentId, experimentNumber } from "../traces/read-trace.ts";
import { type WhyNotKeptDeps, whyNotKept } from "../traces/why-not-kept.ts";
import { type KeepPromptLabRunDeps, keepPromptLabRun } from "./keep-prompt-lab-run.ts";

export interface PromptLabRoutesDeps extends KeepPromptLabRunDeps, WhyNotKeptDeps {
  readonly runs: TrackedRunStore;
  chance(): number;
}

const pair = () => z.object({ key: text(1), value: z.unknown().optional() });

/** In the order in which MLflow asks for them. */
const NEEDED = [
  ...(["experiment_id", "prompt_template", "prompt_parameters", "model_route"] as const),
  ...(["model_input", "mlflow_version"] as const),
];

export const promptLabRoutes = (deps: PromptLabRoutesDeps): HttpRoute[] =>
  rpcRoutes([
    rpc({
      ...{ method: "POST", path: "/runs/create-promptlab-run" },
      summary: "keeps a prompt that was tried out as a run",
      input: z.object({
        ...{ experiment_id: absent(experimentId()), prompt_template: absent(text()) },
        ...{ prompt_parameters: list(pair()), model_parameters: list(pair()) },
        ...{ model_route: absent(text()), model_input: absent(text()) },
        ...{ model_output: absent(text()), model_output_parameters: list(pair()) },
        ...{ mlflow_version: absent(text()), run_name: absent(text()), user_id: absent(text()) },
        ...{ start_time: absent(integer()), tags: list(pair()) },
      }),
      async handle(given) {
        for (const field of NEEDED)
          if ((given[field] ?? "").length === 0)
            throw invalidParameter(`CreatePromptlabRun request must specify ${field}.`);
        const experiment = experimentNumber(given.experiment_id!);
        const wanted = {
          ...{ id: hexId(deps.chance), experiment, userId: given.user_id ?? "unknown" },
          name: given.run_name || randomName(deps.chance),
          startTime: given.start_time ?? deps.clock.now(),
          tags: params(given.tags).map((tag) => checkedTag(tag)),
        };
        const id = await keepPromptLabRun(deps, wanted, {
          ...{ template: given.prompt_template!, promptParams: params(given.prompt_parameters) },
          ...{ model: given.model_route!, modelParams: params(given.model_parameters) },
          ...{ input: given.model_input!, output: given.model_output ?? "" },
          outputParams: params(given.model_output_parameters),
          mlflowVersion: given.mlflow_version!,
        });
        const kept = id === undefined ? undefined : await deps.runs.whole(id);
        if (kept === undefined) throw await whyNotKept(deps, experiment);
        return { body: { run: runWire(kept.run, kept.contents) } };
      },
    }),
  ]);

const params = (given: readonly z.output<ReturnType<typeof pair>>[]): Param[] =>
  given.map(({ key, value = "" }) => ({
    key,
    value:
      typeof value === "string" ? storable(value) : JSON.stringify(storableJson(value as Json)),
  }));
