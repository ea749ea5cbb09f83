import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Tag } from "../experiments/experiment.ts";
import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";
import { absent, boolean, choice, list, text } from "../mlflow/fields.ts";
import { checkLength, KEY_LENGTH } from "../mlflow/names.ts";
import { omitEmpty } from "../mlflow/omit-empty.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { hexId } from "../runs/hex-id.ts";
import { checkedParam } from "../runs/log/checked.ts";
import { randomName } from "../runs/random-name.ts";
import { experimentIds } from "../search/experiment-ids.ts";
import { parseFilter } from "../search/filter.ts";
import { LOGGED_MODELS } from "../search/kinds.ts";
import { maxResults, positionOf, tokenAfter } from "../search/page.ts";
import { experimentNumber } from "../traces/read-trace.ts";
import { modelName } from "./model-name.ts";
import { loggedModelWire } from "./model-wire.ts";
import { modelColumnsSorted, modelOrder } from "./search.ts";
import type { LoggedModelStore } from "./store.ts";

export interface LoggedModelRoutesDeps {
  readonly models: LoggedModelStore;
  readonly clock: Clock;
  /** Uniform in [0, 1), cryptographic. */
  chance(): number;
}

const TAG_LENGTH = 100_000;
const RUN_ID_LENGTH = 250;
/** Each costs a join. */
const MAX_ORDER = 20;
/** Each is looked for with each clause about metrics. */
const MAX_DATASETS = 100;
const pairFields = z.object({ key: text(1), value: absent(text()) });
const datasetOf = (name: string | undefined, digest: string | undefined) =>
  name ? { name, digest: digest || undefined } : undefined;

const notFound = (id: string) => doesNotExist(`Logged model with ID '${id}' not found.`);

function checkedTag({ key, value = "" }: z.output<typeof pairFields>): Tag {
  checkLength("key", KEY_LENGTH, key);
  checkLength("value", TAG_LENGTH, value);
  return { key, value };
}

function checkCount(field: string, most: number, given: readonly unknown[]): void {
  if (given.length > most)
    throw invalidParameter(`${field} has ${given.length} entries; at most ${most} are possible.`);
}

/** Models that runs log, from the first file to the last tag; their files: `artifacts/routes.ts`. */
export function loggedModelRoutes({ models, clock, chance }: LoggedModelRoutesDeps): HttpRoute[] {
  const create = rpc({
    ...{ method: "POST", path: "/logged-models", summary: "a model a run begins to log" },
    input: z.object({
      experiment_id: text(1),
      name: absent(text()),
      model_type: absent(text()),
      source_run_id: absent(text().max(RUN_ID_LENGTH)),
      params: list(pairFields),
      tags: list(pairFields),
    }),
    async handle(input) {
      const experiment = experimentNumber(input.experiment_id);
      const made = await models.create({
        ...{ id: `m-${hexId(chance)}`, experiment, at: clock.now() },
        name: input.name ? modelName(input.name) : randomName(chance),
        modelType: input.model_type || undefined,
        sourceRun: input.source_run_id || undefined,
        params: input.params.map(({ key, value = "" }, i) =>
          checkedParam({ key, value }, `params[${i}]`),
        ),
        tags: input.tags.map(checkedTag),
      });
      if (made === undefined) throw doesNotExist(`No Experiment with id=${experiment} exists`);
      if (made === "deleted experiment")
        throw invalidParameter(
          `The experiment ${experiment} must be in the 'active' state. Current state is deleted.`,
        );
      return { body: { model: loggedModelWire(made) } };
    },
  });

  const get = rpc({
    ...{ method: "GET", path: "/logged-models/{model_id}", summary: "a logged model" },
    input: z.object({ model_id: text(1) }),
    async handle({ model_id }) {
      const model = await models.get(model_id);
      if (model === undefined) throw notFound(model_id);
      return { body: { model: loggedModelWire(model) } };
    },
  });

  const finish = rpc({
    ...{
      method: "PATCH",
      path: "/logged-models/{model_id}",
      summary: "all files are there, or not",
    },
    input: z.object({
      model_id: text(1),
      status: choice(["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"], {
        2: "LOGGED_MODEL_READY",
        3: "LOGGED_MODEL_UPLOAD_FAILED",
      }),
    }),
    async handle({ model_id, status }) {
      const model = await models.finish(model_id, status, clock.now());
      if (model === undefined) throw notFound(model_id);
      return { body: { model: loggedModelWire(model) } };
    },
  });

  const addParams = rpc({
    ...{ method: "POST", path: "/logged-models/{model_id}/params", summary: "params of a model" },
    input: z.object({ model_id: text(1), params: list(pairFields) }),
    async handle({ model_id, params }) {
      const checked = params.map(({ key, value = "" }, i) =>
        checkedParam({ key, value }, `params[${i}]`),
      );
      const outcome = await models.addParams(model_id, checked);
      if (outcome === undefined) throw notFound(model_id);
      if (outcome !== "kept")
        throw invalidParameter(
          `Changing param values is not allowed. Param with key='${outcome.changed}' was already logged with another value for logged model ID='${model_id}'.`,
        );
      return {};
    },
  });

  const setTags = rpc({
    ...{ method: "PATCH", path: "/logged-models/{model_id}/tags", summary: "tags of a model" },
    input: z.object({ model_id: text(1), tags: list(pairFields) }),
    async handle({ model_id, tags }) {
      if (!(await models.setTags(model_id, tags.map(checkedTag)))) throw notFound(model_id);
      return {};
    },
  });

  const deleteTag = rpc({
    ...{ method: "DELETE", path: "/logged-models/{model_id}/tags/{tag_key}" },
    summary: "removes a tag of a model",
    input: z.object({ model_id: text(1), tag_key: text(1) }),
    async handle({ model_id, tag_key }) {
      const outcome = await models.deleteTag(model_id, tag_key);
      if (outcome === undefined) throw notFound(model_id);
      if (outcome === "no such tag")
        throw doesNotExist(`No tag with key '${tag_key}' found for model with ID '${model_id}'.`);
      return {};
    },
  });

  const remove = rpc({
    ...{ method: "DELETE", path: "/logged-models/{model_id}", summary: "deletes a logged model" },
    input: z.object({ model_id: text(1) }),
    async handle({ model_id }) {
      if (!(await models.delete(model_id, clock.now()))) throw notFound(model_id);
      return {};
    },
  });

  const search = rpc({
    ...{ method: "POST", path: "/logged-models/search", summary: "logged models by filter" },
    input: z.object({
      experiment_ids: list(text()),
      filter: absent(text()),
      datasets: list(z.object({ dataset_name: absent(text()), dataset_digest: absent(text()) })),
      max_results: maxResults(50, 50_000),
      order_by: list(
        z.object({
          field_name: text(1),
          ascending: absent(boolean()),
          dataset_name: absent(text()),
          dataset_digest: absent(text()),
        }),
      ),
      page_token: absent(text()),
    }),
    async handle({ experiment_ids, filter, datasets, order_by, max_results, page_token }) {
      if (experiment_ids.length === 0)
        throw invalidParameter(
          "Missing value for required parameter 'experiment_ids'. See the API docs for more information about request parameters.",
        );
      checkCount("order_by", MAX_ORDER, order_by);
      checkCount("datasets", MAX_DATASETS, datasets);
      const wanted = {
        experiments: experimentIds(experiment_ids),
        clauses: parseFilter(filter, LOGGED_MODELS),
        datasets: datasets.map(({ dataset_name, dataset_digest }) => {
          const dataset = datasetOf(dataset_name, dataset_digest);
          if (dataset !== undefined) return dataset;
          throw invalidParameter("`dataset_name` in the `datasets` clause must be specified.");
        }),
        order: order_by.map(({ field_name, ascending = true, dataset_name, dataset_digest }) => {
          if (dataset_digest && !dataset_name)
            throw invalidParameter(
              "`dataset_digest` can only be specified if `dataset_name` is also specified.",
            );
          return modelOrder(field_name, !ascending, datasetOf(dataset_name, dataset_digest));
        }),
      };
      // Whatever changes what is found makes the token another search's.
      const given = JSON.stringify([experiment_ids, filter || "", wanted.datasets, wanted.order]);
      const position = positionOf(page_token, given, modelColumnsSorted(wanted));
      const page = await models.search(wanted, { position, count: max_results });
      return {
        body: omitEmpty({
          models: page.items.map(loggedModelWire),
          next_page_token: tokenAfter(page.next, given),
        }),
      };
    },
  });

  return rpcRoutes([create, search, get, finish, addParams, setTags, deleteTag, remove]);
}
