import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { Clock } from "../../lib/clock.ts";
import { doesNotExist, mlflowError } from "../mlflow/errors.ts";
import { absent, list, PAIR_FIELDS, text } from "../mlflow/fields.ts";
import { checkKey, checkLength, KEY_LENGTH } from "../mlflow/names.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { givenLocation } from "./artifact-location.ts";
import type { Experiment, Tag } from "./experiment.ts";
import { experimentWire } from "./experiment-wire.ts";
import { deletedExperiment, experimentIdOf, noSuchExperiment } from "./refusals.ts";
import type { ExperimentStore } from "./store.ts";

export interface ExperimentRoutesDeps {
  readonly experiments: ExperimentStore;
  readonly clock: Clock;
  /** What relative artifact locations are relative to: absolute, with slashes. */
  readonly folder: string;
}

const NAME_LENGTH = 500;
const TAG_LENGTH = 5000;

/** Everything about experiments but searching for them. */
export function experimentRoutes({
  experiments,
  clock,
  folder,
}: ExperimentRoutesDeps): HttpRoute[] {
  const found = async (given: string): Promise<Experiment> => {
    const experiment = await experiments.get(experimentIdOf(given));
    if (experiment === undefined) throw noSuchExperiment(given);
    return experiment;
  };
  const active = async (given: string): Promise<Experiment> => {
    const experiment = await found(given);
    if (experiment.lifecycleStage === "active") return experiment;
    throw deletedExperiment(experiment.id);
  };

  const create = rpc({
    ...{ method: "POST", path: "/experiments/create", summary: "a new experiment" },
    input: z.object({
      name: text(1),
      artifact_location: absent(text()),
      tags: list(z.object(PAIR_FIELDS)),
    }),
    async handle({ name, artifact_location, tags }) {
      checkLength("name", NAME_LENGTH, name);
      for (const tag of tags) checkTag(tag);
      const id = await experiments.create({
        ...{ name, tags, at: clock.now() },
        artifactLocation: artifact_location ? givenLocation(artifact_location, folder) : undefined,
      });
      if (id === undefined) throw taken(name);
      return { body: { experiment_id: id } };
    },
  });

  const byName = rpc({
    ...{ method: "GET", path: "/experiments/get-by-name", summary: "an experiment by its name" },
    input: z.object({ experiment_name: text(1) }),
    async handle({ experiment_name: name }) {
      const experiment = await experiments.byName(name);
      if (experiment === undefined)
        throw doesNotExist(`Could not find experiment with name '${name}'`);
      return { body: { experiment: experimentWire(experiment) } };
    },
  });

  const get = rpc({
    ...{ method: "GET", path: "/experiments/get", summary: "an experiment" },
    input: z.object({ experiment_id: text(1) }),
    handle: async ({ experiment_id }) => ({
      body: { experiment: experimentWire(await found(experiment_id)) },
    }),
  });

  const remove = rpc({
    ...{
      method: "POST",
      path: "/experiments/delete",
      summary: "deletes an experiment and its runs",
    },
    input: z.object({ experiment_id: text(1) }),
    async handle({ experiment_id: given }) {
      if (!(await experiments.delete(experimentIdOf(given), clock.now())))
        throw noSuchExperiment(given);
      return {};
    },
  });

  const restore = rpc({
    ...{ method: "POST", path: "/experiments/restore", summary: "takes a deletion back" },
    input: z.object({ experiment_id: text(1) }),
    async handle({ experiment_id: given }) {
      if (!(await experiments.restore(experimentIdOf(given), clock.now())))
        throw noSuchExperiment(given);
      return {};
    },
  });

  const update = rpc({
    ...{ method: "POST", path: "/experiments/update", summary: "renames an experiment" },
    input: z.object({ experiment_id: text(1), new_name: text(1) }),
    async handle({ experiment_id, new_name: name }) {
      checkLength("new_name", NAME_LENGTH, name);
      const { id, lifecycleStage } = await found(experiment_id);
      const outcome =
        lifecycleStage === "active" ? await experiments.rename(id, name, clock.now()) : "none";
      if (outcome === "taken") throw taken(name);
      if (outcome === "none")
        throw mlflowError(
          "INVALID_STATE",
          `Cannot rename experiment in non-active lifecycle stage. Current stage: deleted. Restore experiment ${id} first.`,
        );
      return {};
    },
  });

  const setTag = rpc({
    ...{ method: "POST", path: "/experiments/set-experiment-tag", summary: "sets a tag" },
    input: z.object({ experiment_id: text(1), ...PAIR_FIELDS }),
    async handle({ experiment_id, ...tag }) {
      checkTag(tag);
      const { id } = await active(experiment_id);
      if (!(await experiments.setTag(id, tag))) throw deletedExperiment(id);
      return {};
    },
  });

  const deleteTag = rpc({
    ...{ method: "POST", path: "/experiments/delete-experiment-tag", summary: "removes a tag" },
    input: z.object({ experiment_id: text(1), key: text(1) }),
    async handle({ experiment_id, key }) {
      const { id } = await active(experiment_id);
      if (!(await experiments.deleteTag(id, key)))
        throw doesNotExist(`No tag with name: ${key} in experiment with id ${id}`);
      return {};
    },
  });

  return rpcRoutes([create, byName, get, remove, restore, update, setTag, deleteTag]);
}

function checkTag({ key, value }: Tag): void {
  checkKey("key", key);
  checkLength("key", KEY_LENGTH, key);
  checkLength("value", TAG_LENGTH, value);
}

const taken = (name: string) =>
  mlflowError(
    "RESOURCE_ALREADY_EXISTS",
    `Experiment(name=${name}) already exists. Choose another name; if it was deleted, restore it.`,
  );
