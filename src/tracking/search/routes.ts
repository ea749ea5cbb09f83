import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import { experimentWire } from "../experiments/experiment-wire.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { absent, choice, list, text } from "../mlflow/fields.ts";
import { omitEmpty } from "../mlflow/omit-empty.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { experimentIds } from "./experiment-ids.ts";
import { experimentColumns } from "./experiment-statement.ts";
import { parseFilter } from "./filter.ts";
import { EXPERIMENTS, RUNS } from "./kinds.ts";
import { parseOrder } from "./order.ts";
import { maxResults, positionOf, tokenAfter } from "./page.ts";
import { runColumns, VIEWS } from "./run-search.ts";
import type { SearchStore } from "./store.ts";

export interface SearchRoutesDeps {
  readonly search: SearchStore;
}

const view = () => absent(choice(VIEWS, { 1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL" }));
/** Runs whose contents are read and sent at a time: about 1 MB. */
const PIECE = 500;
const MAX_SUMMARIES = 1000;
const MAX_DATASET_EXPERIMENTS = 20;

export function searchRoutes({ search }: SearchRoutesDeps): HttpRoute[] {
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
      if (page.items.length === 0) return { body: {} };
      const token = tokenAfter(page.next, order_by);
      const end = token === undefined ? "]}" : `],"next_page_token":"${token}"}`;
      const piece = async (from: number): Promise<string> =>
        (await search.texts(page.items.slice(from, from + PIECE))).join(",");
      // What fails before the first piece is there is still answered as an error.
      const begin = `{"runs":[${await piece(0)}`;
      const rest = async function* () {
        yield begin;
        for (let from = PIECE; from < page.items.length; from += PIECE)
          yield `,${await piece(from)}`;
        yield end;
      };
      return {
        body: page.items.length > PIECE ? rest() : begin + end,
        type: "application/json; charset=utf-8",
      };
    },
  });
  const searchExperiments = rpc({
    ...{ method: ["POST", "GET"], path: "/experiments/search", summary: "experiments by filter" },
    input: z.object({
      filter: absent(text()),
      view_type: view(),
      max_results: maxResults(1000, 50_000),
      order_by: list(text()),
      page_token: absent(text()),
    }),
    async handle({ filter, view_type, max_results, order_by, page_token }) {
      const wanted = {
        view: view_type ?? "ACTIVE_ONLY",
        clauses: parseFilter(filter, EXPERIMENTS),
        order: parseOrder(order_by, EXPERIMENTS),
      } as const;
      const position = positionOf(page_token, order_by, experimentColumns(wanted));
      const page = await search.experiments(wanted, { position, count: max_results });
      return {
        body: omitEmpty({
          experiments: page.items.map(experimentWire),
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
  return rpcRoutes([searchRuns, searchExperiments, searchDatasets]);
}
