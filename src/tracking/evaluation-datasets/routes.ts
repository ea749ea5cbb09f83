import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { Clock } from "../../lib/clock.ts";
import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";
import { absent, list, text } from "../mlflow/fields.ts";
import { checkLength, KEY_LENGTH } from "../mlflow/names.ts";
import { pageToken, readPageToken } from "../mlflow/page-token.ts";
import { type Rpc, rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { isObject, parsedJson, storableJson } from "../mlflow/storable.ts";
import { hexId } from "../runs/hex-id.ts";
import { parseFilter } from "../search/filter.ts";
import type { SortColumn } from "../search/keyset.ts";
import { EVALUATION_DATASETS } from "../search/kinds.ts";
import { parseOrder } from "../search/order.ts";
import { maxResults, positionOf, tokenAfter } from "../search/page.ts";
import { experimentId, experimentNumber } from "../traces/read-trace.ts";
import { type EvaluationDataset, evaluationDatasetView } from "./evaluation-dataset.ts";
import { readRecords, userOf } from "./read-records.ts";
import { datasetColumn, type EvaluationDatasetStore } from "./store.ts";

export interface EvaluationDatasetRoutesDeps {
  readonly datasets: EvaluationDatasetStore;
  readonly clock: Clock;
  chance(): number;
}

const ONE = "/datasets/{dataset_id}";
const NAME_LENGTH = 255;
const TAG_LENGTH = 5000;
const named = () => ({ dataset_id: text(1) });
const of = (ids: readonly string[]): readonly string[] => ids.map(experimentNumber);

/** Evaluation datasets. Tags and records travel as JSON texts within JSON. */
export const evaluationDatasetRoutes = (deps: EvaluationDatasetRoutesDeps): HttpRoute[] =>
  rpcRoutes([...datasetCalls(deps), ...experimentCalls(deps), ...recordCalls(deps)]);

function datasetCalls({ datasets, clock, chance }: EvaluationDatasetRoutesDeps): Rpc[] {
  return [
    rpc({
      ...{ method: "POST", path: "/datasets/create", version: 3, summary: "an evaluation dataset" },
      input: z.object({
        name: text(1),
        experiment_ids: list(experimentId()),
        ...{ tags: absent(text()), created_by: absent(text()) },
      }),
      async handle({ name, experiment_ids: experiments, tags: given, created_by: author }) {
        checkLength("name", NAME_LENGTH, name);
        const tags = noNulls(readTags(given || "{}"));
        const id = `d-${hexId(chance)}`;
        const by = author || userOf(tags);
        const at = clock.now();
        const missing = await datasets.create({
          id,
          name,
          tags,
          experiments: of(experiments),
          by,
          at,
        });
        if (missing !== undefined) throw noExperiment(missing);
        return answer(await datasets.get(id), id);
      },
    }),
    rpc({
      ...{ method: "GET", path: ONE, version: 3, summary: "an evaluation dataset" },
      input: z.object(named()),
      handle: async ({ dataset_id: id }) => answer(await datasets.get(id), id),
    }),
    rpc({
      ...{ method: "DELETE", path: ONE, version: 3, summary: "deletes an evaluation dataset" },
      input: z.object(named()),
      async handle({ dataset_id: id }) {
        await datasets.delete(id);
        return {};
      },
    }),
    rpc({
      ...{ method: ["POST", "GET"], path: "/datasets/search", version: 3 },
      summary: "evaluation datasets by a filter",
      input: z.object({
        experiment_ids: list(experimentId()),
        ...{ filter_string: absent(text()), order_by: list(text()), page_token: absent(text()) },
        max_results: maxResults(1000, 1000),
      }),
      async handle(given) {
        const { experiment_ids: experiments, filter_string: filter, order_by: wishes } = given;
        const order = orderOf(wishes);
        const same = [experiments, filter ?? "", wishes];
        const { items, next } = await datasets.search({
          ...{ experiments: of(experiments), order, limit: given.max_results },
          clauses: parseFilter(filter, EVALUATION_DATASETS),
          after: positionOf(given.page_token, same, order),
        });
        const token = tokenAfter(next, same);
        return {
          body: {
            ...(items.length === 0 ? {} : { datasets: items.map(evaluationDatasetView) }),
            ...(token === undefined ? {} : { next_page_token: token }),
          },
        };
      },
    }),
    rpc({
      ...{
        method: "PATCH",
        path: `${ONE}/tags`,
        version: 3,
        summary: "sets tags; null deletes one",
      },
      input: z.object({ ...named(), tags: text(1) }),
      async handle({ dataset_id: id, tags }) {
        if (!(await datasets.setTags(id, readTags(tags)))) throw noDataset(id);
        return answer(await datasets.get(id), id);
      },
    }),
    rpc({
      ...{ method: "DELETE", path: `${ONE}/tags/{key}`, version: 3, summary: "deletes a tag" },
      input: z.object({ ...named(), key: text(1) }),
      async handle({ dataset_id: id, key }) {
        await datasets.setTags(id, { [key]: null });
        return {};
      },
    }),
  ];
}

function experimentCalls({ datasets, clock }: EvaluationDatasetRoutesDeps): Rpc[] {
  const input = z.object({ ...named(), experiment_ids: list(experimentId()) });
  return [
    rpc({
      ...{ method: "GET", path: `${ONE}/experiment-ids`, version: 3, summary: "its experiments" },
      input: z.object(named()),
      async handle({ dataset_id: id }) {
        const { experiments } = found(await datasets.get(id), id);
        return { body: experiments.length === 0 ? {} : { experiment_ids: experiments } };
      },
    }),
    rpc({
      ...{
        method: "POST",
        path: `${ONE}/add-experiments`,
        version: 3,
        summary: "adds experiments",
      },
      input,
      async handle({ dataset_id: id, experiment_ids: experiments }) {
        const missing = await datasets.addExperiments(id, of(experiments), clock.now());
        if (missing === "no dataset") throw noDataset(id);
        if (missing !== undefined) throw noExperiment(missing);
        return answer(await datasets.get(id), id);
      },
    }),
    rpc({
      ...{ method: "POST", path: `${ONE}/remove-experiments`, version: 3 },
      ...{ summary: "removes experiments", input },
      async handle({ dataset_id: id, experiment_ids: experiments }) {
        if (!(await datasets.removeExperiments(id, of(experiments), clock.now())))
          throw noDataset(id);
        return answer(await datasets.get(id), id);
      },
    }),
  ];
}

function recordCalls({ datasets, clock, chance }: EvaluationDatasetRoutesDeps): Rpc[] {
  return [
    rpc({
      ...{ method: "POST", path: `${ONE}/records`, version: 3 },
      summary: "adds records; those with inputs that are there already are merged",
      input: z.object({ ...named(), records: z.string().min(1) }),
      async handle({ dataset_id: id, records }) {
        const given = readRecords(records);
        const ids = Array.from({ length: given.count }, () => `dr-${hexId(chance)}`);
        const put = await datasets.putRecords(id, given, { at: clock.now(), ids });
        if (put === undefined) throw noDataset(id);
        return { body: { inserted_count: put.inserted, updated_count: put.updated } };
      },
    }),
    rpc({
      ...{ method: "GET", path: `${ONE}/records`, version: 3, summary: "records, in pages" },
      input: z.object({
        ...named(),
        ...{ max_results: maxResults(1000, 1000), page_token: absent(text()) },
      }),
      async handle({ dataset_id: id, max_results: limit, page_token: token }) {
        found(await datasets.get(id), id);
        const { text: records, next } = await datasets.records(id, {
          limit,
          after: afterOf(token),
        });
        return {
          body: { records, ...(next === undefined ? {} : { next_page_token: pageToken(next) }) },
        };
      },
    }),
    rpc({
      ...{ method: "DELETE", path: `${ONE}/records`, version: 3, summary: "deletes records" },
      input: z.object({ ...named(), dataset_record_ids: list(text(1)) }),
      async handle({ dataset_id: id, dataset_record_ids: records }) {
        found(await datasets.get(id), id);
        return { body: { deleted_count: await datasets.deleteRecords(id, records, clock.now()) } };
      },
    }),
  ];
}

function afterOf(token: string | undefined): number {
  const after = token ? readPageToken(token) : 0;
  if (Number.isSafeInteger(after)) return after as number;
  throw invalidParameter("Invalid page token, it was not made by this server.");
}

function orderOf(wishes: readonly string[]): SortColumn[] {
  const terms = parseOrder(wishes, EVALUATION_DATASETS);
  const columns = terms.map(({ key, descending }) => ({ ...datasetColumn(key), descending }));
  const newest: SortColumn = { ...datasetColumn("created_time"), descending: true };
  const last: SortColumn = { sql: "d.id", type: "text", descending: true };
  return [...(columns.length === 0 ? [newest] : columns), last];
}

function readTags(given: string): Record<string, string | null> {
  const tags = storableJson(parsedJson("tags", given));
  if (!isObject(tags)) throw invalidParameter("tags must be a JSON object.");
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => {
      const written = typeof value === "string" ? value : JSON.stringify(value);
      checkLength("key", KEY_LENGTH, key);
      checkLength("value", TAG_LENGTH, written);
      return [key, value === null ? null : written];
    }),
  );
}

const noNulls = (tags: Readonly<Record<string, string | null>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tags).filter((tag): tag is [string, string] => tag[1] !== null),
  );

const noDataset = (id: string): Error =>
  doesNotExist(`Evaluation dataset with id '${id}' not found`);

const noExperiment = (id: string): Error => doesNotExist(`No Experiment with id=${id} exists`);

function found(dataset: EvaluationDataset | undefined, id: string): EvaluationDataset {
  if (dataset === undefined) throw noDataset(id);
  return dataset;
}

const answer = (dataset: EvaluationDataset | undefined, id: string) => ({
  body: { dataset: evaluationDatasetView(found(dataset, id)) },
});
