import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { absent, choice, list, text } from "../mlflow/fields.ts";
import { omitEmpty } from "../mlflow/omit-empty.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { runWire } from "../runs/run-wire.ts";
import type { TrackedRunStore } from "../runs/store.ts";
import { NO_CONTENTS } from "../runs/tracked-run.ts";
import { parseFilter } from "./filter.ts";
import { RUNS } from "./kinds.ts";
import { parseOrder } from "./order.ts";
import { maxResults, positionOf, tokenAfter } from "./page.ts";
import { runColumns, VIEWS } from "./run-search.ts";
import type { SearchStore } from "./store.ts";

export interface SearchRoutesDeps {
  readonly search: SearchStore;
  readonly runs: TrackedRunStore;
}

const view = () => absent(choice(VIEWS, { 1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL" }));
const MAX_SUMMARIES = 1000;
const MAX_DATASET_EXPERIMENTS = 20;

export function searchRoutes({ search, runs }: SearchRoutesDeps): HttpRoute[] {
  const searchRuns = rpc({
    ...{ method: "POST", path: "/runs/search", summary: "runs by filter, in order, by pages" },
    input: z.object({
      experiment_ids: list(text()),
      filter: absent(text()),
      run_view_type: view(),
      max_results: maxResults(1000, 50_000),
      order_by: list(text()),
      page_token: absent(text()),
    }),
    async handle({ experiment_ids, filter, run_view_type, max_results, order_by, page_token }) {
      const wanted = {
        experiments: experimentIds(experiment_ids),
        view: run_view_type ?? "ACTIVE_ONLY",
        clauses: parseFilter(filter, RUNS),
        order: parseOrder(order_by, RUNS),
      };
      const columns = runColumns({ ...wanted, keys: new Map() }, "all");
      const page = await search.runs(wanted, {
        ...{ position: positionOf(page_token, order_by, columns), count: max_results },
      });
      const contents = await runs.data(page.items.map(({ seq }) => seq));
      return {
        body: omitEmpty({
          runs: page.items.map((run) => runWire(run, contents.get(run.seq) ?? NO_CONTENTS)),
          next_page_token: tokenAfter(page.next, order_by),
        }),
      };
    },
  });
  const searchDatasets = rpc({
    ...{ method: "POST", path: "/experiments/search-datasets", summary: "datasets runs used" },
    input: z.object({ experiment_ids: list(text()) }),
    async handle({ experiment_ids }) {
      if (experiment_ids.length === 0)
        throw invalidParameter("SearchDatasets request must specify at least one experiment_id.");
      if (experiment_ids.length > MAX_DATASET_EXPERIMENTS)
        throw invalidParameter(
          `SearchDatasets request cannot specify more than ${MAX_DATASET_EXPERIMENTS} experiment_ids. Received ${experiment_ids.length} experiment_ids.`,
        );
      const found = await search.datasets(experimentIds(experiment_ids), MAX_SUMMARIES);
      return {
        body: omitEmpty({
          dataset_summaries: found.map(({ experiment, name, digest, context }) =>
            omitEmpty({ experiment_id: experiment, name, digest, context }),
          ),
        }),
      };
    },
  });
  return rpcRoutes([searchRuns, searchDatasets]);
}

const MAX_EXPERIMENTS = 10_000;

/** Each once. Ids nobody has find nothing; what is no id at all is refused. */
function experimentIds(given: readonly string[]): readonly string[] {
  if (given.length > MAX_EXPERIMENTS)
    throw invalidParameter(
      `experiment_ids has ${given.length} entries; at most ${MAX_EXPERIMENTS} are searched at once.`,
    );
  const odd = given.find((id) => !/^\d{1,18}$/.test(id));
  if (odd !== undefined)
    throw invalidParameter(
      `Invalid value '${odd.slice(0, 100)}' for parameter 'experiment_ids' supplied: an experiment id is a decimal integer.`,
    );
  return [...new Set(given.map((id) => String(BigInt(id))))];
}
