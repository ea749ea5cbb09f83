import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { Clock } from "../../lib/clock.ts";
import { deletedExperiment, experimentIdOf, noSuchExperiment } from "../experiments/refusals.ts";
import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";
import { absent, choice, integer, list, PAIR_FIELDS, text } from "../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { hexId } from "./hex-id.ts";
import { checkedTag } from "./log/checked.ts";
import { historyEntry, MODEL_HISTORY_TAG, withEntry } from "./model-history.ts";
import { randomName } from "./random-name.ts";
import { deletedRun, noSuchRun } from "./refusals.ts";
import { RUN_FIELDS, runIdOf } from "./run-fields.ts";
import { runInfoWire, runWire } from "./run-wire.ts";
import type { TrackedRunStore } from "./store.ts";
import { NO_CONTENTS, RUN_NAME_TAG, RUN_STATUSES } from "./tracked-run.ts";

export interface TrackedRunRoutesDeps {
  readonly runs: TrackedRunStore;
  readonly clock: Clock;
  /** Uniform in [0, 1), cryptographic. */
  chance(): number;
}

/** Of protobuf. */
const STATUS_NUMBERS = {
  1: "RUNNING",
  2: "SCHEDULED",
  3: "FINISHED",
  4: "FAILED",
  5: "KILLED",
} as const;
/** The experiment of runs that name none. */
const DEFAULT_EXPERIMENT = "0";

/** Runs from beginning to end; what they log: `log/routes.ts` and `inputs/routes.ts`. */
export function trackedRunRoutes({ runs, clock, chance }: TrackedRunRoutesDeps): HttpRoute[] {
  const create = rpc({
    ...{ method: "POST", path: "/runs/create", summary: "a new run" },
    input: z.object({
      experiment_id: absent(text()),
      user_id: absent(text()),
      run_name: absent(text()),
      start_time: absent(integer()),
      tags: list(z.object(PAIR_FIELDS)),
    }),
    async handle(input) {
      const experiment = experimentIdOf(input.experiment_id || DEFAULT_EXPERIMENT);
      const tags = input.tags.map((tag, i) => checkedTag(tag, `tags[${i}]`));
      const name = nameOf(input.run_name, tags.findLast(({ key }) => key === RUN_NAME_TAG)?.value);
      const run = await runs.create({
        ...{ id: hexId(chance), experiment, tags, name: name ?? randomName(chance) },
        userId: input.user_id ?? "",
        startTime: input.start_time ?? clock.now(),
      });
      if (run === undefined) throw noSuchExperiment(experiment);
      if (run === "deleted") throw deletedExperiment(experiment);
      const shown = new Map(tags.map(({ key, value }) => [key, value])).set(RUN_NAME_TAG, run.name);
      const contents = { ...NO_CONTENTS, tags: [...shown].map(([key, value]) => ({ key, value })) };
      return { body: { run: runWire(run, contents) } };
    },
  });

  const get = rpc({
    ...{ method: "GET", path: "/runs/get", summary: "a run and all it shows" },
    input: z.object(RUN_FIELDS),
    async handle(input) {
      const id = runIdOf(input);
      const found = await runs.whole(id);
      if (found === undefined) throw noSuchRun(id);
      return { body: { run: runWire(found.run, found.contents) } };
    },
  });

  const update = rpc({
    ...{ method: "POST", path: "/runs/update", summary: "status, end and name of a run" },
    input: z.object({
      ...RUN_FIELDS,
      status: absent(choice(RUN_STATUSES, STATUS_NUMBERS)),
      end_time: absent(integer()),
      run_name: absent(text()),
    }),
    async handle(input) {
      const id = runIdOf(input);
      const name = input.run_name && checkedTag({ key: RUN_NAME_TAG, value: input.run_name }).value;
      const run = await runs.update(id, {
        ...{ status: input.status, endTime: input.end_time, name: name || undefined },
      });
      if (run === undefined) throw noSuchRun(id);
      if (run === "deleted") throw deletedRun(id);
      return { body: { run_info: runInfoWire(run) } };
    },
  });

  const remove = rpc({
    ...{ method: "POST", path: "/runs/delete", summary: "deletes a run; it can be restored" },
    input: z.object(RUN_FIELDS),
    async handle(input) {
      const id = runIdOf(input);
      if (!(await runs.delete(id, clock.now()))) throw noSuchRun(id);
      return {};
    },
  });

  const restore = rpc({
    ...{ method: "POST", path: "/runs/restore", summary: "takes a deletion back" },
    input: z.object(RUN_FIELDS),
    async handle(input) {
      const id = runIdOf(input);
      if (!(await runs.restore(id))) throw noSuchRun(id);
      return {};
    },
  });

  const deleteTag = rpc({
    ...{ method: "POST", path: "/runs/delete-tag", summary: "removes a tag" },
    input: z.object({ ...RUN_FIELDS, key: text(1) }),
    async handle(input) {
      const id = runIdOf(input);
      const outcome = await runs.deleteTag(id, input.key);
      if (outcome === undefined) throw noSuchRun(id);
      if (outcome === "deleted") throw deletedRun(id);
      if (outcome === "no such tag")
        throw doesNotExist(`No tag with name: ${input.key} in run with id ${id}`);
      return {};
    },
  });

  const logModel = rpc({
    ...{ method: "POST", path: "/runs/log-model" },
    summary: "a model that a run logged, as clients before 3.0 say it",
    input: z.object({ ...RUN_FIELDS, model_json: text(1) }),
    async handle(input) {
      const id = runIdOf(input);
      const entry = historyEntry(input.model_json);
      const outcome = await runs.changeTag(id, MODEL_HISTORY_TAG, (value) =>
        withEntry(value, entry),
      );
      if (outcome === undefined) throw noSuchRun(id);
      if (outcome === "deleted") throw deletedRun(id);
      return {};
    },
  });

  return rpcRoutes([create, get, update, remove, restore, deleteTag, logModel]);
}

/** undefined = one is to be made up. */
function nameOf(given: string | undefined, tag: string | undefined): string | undefined {
  const name = given && checkedTag({ key: RUN_NAME_TAG, value: given }).value;
  if (name && tag && name !== tag)
    throw invalidParameter(
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${name}', mlflow.runName='${tag}').`,
    );
  return name || tag || undefined;
}
