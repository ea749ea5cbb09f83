import { z } from "zod";
import type { HttpAnswer, HttpRoute } from "../../../http/http.ts";
import { absent, double, integer, list, PAIR_FIELDS, text } from "../../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { throwRefused } from "../refusals.ts";
import { RUN_FIELDS, runIdOf } from "../run-fields.ts";
import { checkedBatch, checkedParam, checkedPoint, checkedTag } from "./checked.ts";
import type { LoggedPoint, RunEntry } from "./entry.ts";
import type { RunLog } from "./store.ts";

const POINT = {
  key: text(1),
  value: double(),
  timestamp: integer(),
  step: absent(integer()),
  model_id: absent(text()),
  dataset_name: absent(text()),
  dataset_digest: absent(text()),
};
const pointFields = z.object(POINT);
const pairFields = z.object(PAIR_FIELDS);

const NOTHING = { metrics: [], params: [], tags: [] };

/** What a run's process says all the time: metrics, params and tags, one by one or in batches. */
export function logRoutes({ log }: { readonly log: RunLog }): HttpRoute[] {
  const keep = async (entry: RunEntry): Promise<HttpAnswer> => {
    throwRefused(entry.run, await log.submit(entry));
    return {};
  };

  const metric = rpc({
    ...{ method: "POST", path: "/runs/log-metric", summary: "a value of a metric" },
    input: z.object({ ...RUN_FIELDS, ...POINT }),
    handle: (input) =>
      keep({ ...NOTHING, run: runIdOf(input), metrics: [checkedPoint(pointOf(input))] }),
  });

  const parameter = rpc({
    ...{ method: "POST", path: "/runs/log-parameter", summary: "a param; it cannot be changed" },
    input: z.object({ ...RUN_FIELDS, ...PAIR_FIELDS }),
    handle: (input) => keep({ ...NOTHING, run: runIdOf(input), params: [checkedParam(input)] }),
  });

  const tag = rpc({
    ...{ method: "POST", path: "/runs/set-tag", summary: "sets a tag" },
    input: z.object({ ...RUN_FIELDS, ...PAIR_FIELDS }),
    handle: (input) => keep({ ...NOTHING, run: runIdOf(input), tags: [checkedTag(input)] }),
  });

  const batch = rpc({
    ...{ method: "POST", path: "/runs/log-batch" },
    summary: "metrics, params and tags of a run, all or nothing",
    input: z.object({
      ...RUN_FIELDS,
      metrics: list(pointFields),
      params: list(pairFields),
      tags: list(pairFields),
    }),
    handle: (input) => {
      const { params, tags } = input;
      const metrics = input.metrics.map(pointOf);
      return keep(checkedBatch({ run: runIdOf(input), metrics, params, tags }));
    },
  });

  return rpcRoutes([metric, parameter, tag, batch]);
}

const pointOf = (given: z.output<typeof pointFields>): LoggedPoint => ({
  ...{ key: given.key, value: given.value, timestamp: given.timestamp, step: given.step ?? 0 },
  model: given.model_id || undefined,
  datasetName: given.dataset_name || undefined,
  datasetDigest: given.dataset_digest || undefined,
});
