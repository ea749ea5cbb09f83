import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import { invalidParameter } from "../../mlflow/errors.ts";
import { absent, choice, double, integer, list, text } from "../../mlflow/fields.ts";
import { pageToken, readPageToken } from "../../mlflow/page-token.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { parseFilter } from "../../search/filter.ts";
import { maxResults } from "../../search/page.ts";
import { experimentId, experimentNumber } from "../read-trace.ts";
import type { TraceMetrics } from "./store.ts";
import { AGGREGATIONS, METRIC_FILTERS, VIEWS } from "./trace-metric.ts";

const MAX_POINTS = 1000;
const MAX_DIMENSIONS = 20;
const MAX_FILTERS = 50;

/** Counts and measures over traces, their spans or their assessments, for dashboards. */
export const traceMetricRoutes = (metrics: TraceMetrics): HttpRoute[] =>
  rpcRoutes([
    rpc({
      ...{ method: "POST", path: "/traces/metrics", version: 3, summary: "measures over traces" },
      input: z.object({
        experiment_ids: list(experimentId()),
        view_type: choice(VIEWS, { 1: "TRACES", 2: "SPANS", 3: "ASSESSMENTS" }),
        metric_name: text(1),
        aggregations: z
          .array(
            z.object({
              aggregation_type: choice(
                AGGREGATIONS,
                Object.fromEntries(AGGREGATIONS.map((name, i) => [i + 1, name])),
              ),
              percentile_value: absent(double()),
            }),
          )
          .min(1)
          .max(20),
        ...{ dimensions: list(text(1)), filters: list(text(1)) },
        time_interval_seconds: absent(integer()),
        ...{ start_time_ms: absent(integer()), end_time_ms: absent(integer()) },
        ...{ max_results: maxResults(MAX_POINTS, MAX_POINTS), page_token: absent(text()) },
      }),
      async handle(given) {
        const { time_interval_seconds: seconds, start_time_ms: from, end_time_ms: to } = given;
        if (given.dimensions.length > MAX_DIMENSIONS || given.filters.length > MAX_FILTERS)
          throw invalidParameter(
            `At most ${MAX_DIMENSIONS} dimensions and ${MAX_FILTERS} filters are possible, not ${given.dimensions.length} and ${given.filters.length}.`,
          );
        if (seconds !== undefined && (seconds < 1 || from === undefined || to === undefined))
          throw invalidParameter(
            "time_interval_seconds must be positive, and needs start_time_ms and end_time_ms.",
          );
        const limit = given.max_results;
        const offset = offsetOf(given.page_token);
        const points = await metrics.measure({
          experiments: given.experiment_ids.map(experimentNumber),
          ...{ view: given.view_type, metric: given.metric_name, dimensions: given.dimensions },
          aggregations: given.aggregations.map(({ aggregation_type: type, percentile_value }) => ({
            ...{ type, percentile: percentile_value },
          })),
          clauses: given.filters.flatMap((filter) => parseFilter(filter, METRIC_FILTERS)),
          ...{ intervalMs: seconds && seconds * 1000, from, to, limit: limit + 1, offset },
        });
        const page = points.slice(0, limit);
        return {
          body: {
            ...(page.length === 0
              ? {}
              : {
                  data_points: page.map((point) => ({ metric_name: given.metric_name, ...point })),
                }),
            ...(points.length > limit ? { next_page_token: pageToken(offset + limit) } : {}),
          },
        };
      },
    }),
  ]);

function offsetOf(token: string | undefined): number {
  const offset = token ? readPageToken(token) : 0;
  if (Number.isSafeInteger(offset) && (offset as number) >= 0) return offset as number;
  throw invalidParameter("Invalid page token, it was not made by this server.");
}
