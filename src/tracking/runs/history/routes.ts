import { z } from "zod";
import type { HttpAnswer, HttpRoute } from "../../../http/http.ts";
import type { TrackedKeys } from "../../keys/store.ts";
import { invalidParameter } from "../../mlflow/errors.ts";
import { absent, integer, list, missingParameter, text, wireDouble } from "../../mlflow/fields.ts";
import { omitEmpty } from "../../mlflow/omit-empty.ts";
import { pageToken, readPageToken } from "../../mlflow/page-token.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { noSuchRun } from "../refusals.ts";
import { RUN_FIELDS, runIdOf } from "../run-fields.ts";
import { metricWire } from "../run-wire.ts";
import type { TrackedRunStore } from "../store.ts";
import type { TrackedRun } from "../tracked-run.ts";
import { sampledSteps } from "./sampled-steps.ts";
import type { HistoryStore, Point, RunPoint } from "./store.ts";

export interface HistoryRoutesDeps {
  readonly history: HistoryStore;
  readonly runs: Pick<TrackedRunStore, "get" | "many">;
  readonly keys: TrackedKeys;
}

/** Points in one answer or, of a history asked for whole, in one piece of it: what is held in memory at a time. */
const MAX_POINTS = 25_000;
const MAX_RUNS = 100;
const MAX_SAMPLES = 2500;

/** Histories of a metric: of one run by pages or whole, of several runs, and sampled for charts. */
export function historyRoutes({ history, runs, keys }: HistoryRoutesDeps): HttpRoute[] {
  const numberOf = async (name: string): Promise<number | undefined> =>
    (await keys.known([name])).get(name);

  /** A history piece by piece, after the points that were read already. */
  async function* whole(run: number, key: number, name: string, first: readonly Point[]) {
    const wire = (points: readonly Point[]): string =>
      points.map((point) => JSON.stringify(metricWire({ key: name, ...point }))).join(",");
    yield `{"metrics":[${wire(first)}`;
    for (let last = first.at(-1); last !== undefined; ) {
      const points = await history.page(run, key, last, MAX_POINTS);
      if (points.length > 0) yield `,${wire(points)}`;
      last = points.length < MAX_POINTS ? undefined : points.at(-1);
    }
    yield "]}";
  }

  const ofRun = rpc({
    ...{ method: "GET", path: "/metrics/get-history", summary: "every value of a metric of a run" },
    input: z.object({
      ...RUN_FIELDS,
      metric_key: text(1),
      max_results: absent(integer()),
      page_token: absent(text()),
    }),
    async handle(input): Promise<HttpAnswer> {
      const { metric_key: name, max_results: wanted } = input;
      if (wanted !== undefined && wanted <= 0)
        throw invalidParameter(
          `Invalid value ${wanted} for parameter 'max_results' supplied. It must be a positive integer.`,
        );
      const after = input.page_token ? readPosition(input.page_token) : undefined;
      const id = runIdOf(input);
      const run = await runs.get(id);
      if (run === undefined) throw noSuchRun(id);
      const { seq } = run;
      const key = await numberOf(name);
      if (key === undefined) return {};
      const limit = Math.min(wanted ?? MAX_POINTS, MAX_POINTS);
      const points = await history.page(seq, key, after, limit + 1);
      const isMore = points.length > limit;
      if (isMore) points.pop();
      if (isMore && wanted === undefined)
        return { type: "application/json; charset=utf-8", body: whole(seq, key, name, points) };
      return {
        body: omitEmpty({
          metrics: points.map((point) => metricWire({ key: name, ...point })),
          next_page_token: isMore ? positionToken(points.at(-1)!) : undefined,
        }),
      };
    },
  });

  const ofRuns = rpc({
    ...{ method: "GET", path: "/metrics/get-history-bulk", summary: "a metric of several runs" },
    input: z.object({
      run_id: list(text()),
      metric_key: absent(text()),
      max_results: absent(integer()),
    }),
    async handle({ run_id: ids, metric_key: name, max_results: wanted = MAX_POINTS }) {
      if (ids.length === 0)
        throw invalidParameter("GetMetricHistoryBulk request must specify at least one run_id.");
      if (ids.length > MAX_RUNS)
        throw invalidParameter(
          `GetMetricHistoryBulk request cannot specify more than ${MAX_RUNS} run_ids. Received ${ids.length} run_ids.`,
        );
      if (name === undefined)
        throw invalidParameter("GetMetricHistoryBulk request must specify a metric_key.");
      if (wanted < 0) throw invalidParameter(`max_results must not be negative, got ${wanted}.`);
      const known = [...(await runs.many(ids))].sort((a, b) => (a.id < b.id ? -1 : 1));
      const key = await numberOf(name);
      const points =
        key === undefined
          ? []
          : await history.ofRuns(
              known.map(({ seq }) => seq),
              key,
              Math.min(wanted, MAX_POINTS),
            );
      return { body: { metrics: points.map(runPointWire(known, name)) } };
    },
  });

  const sampled = rpc({
    ...{ method: "GET", path: "/metrics/get-history-bulk-interval" },
    summary: "a metric of several runs, sampled for a chart",
    input: z.object({
      run_ids: list(text()),
      metric_key: text(1),
      start_step: absent(integer()),
      end_step: absent(integer()),
      max_results: absent(integer()),
    }),
    async handle(input) {
      const { run_ids: ids, metric_key: name, max_results: wanted = MAX_SAMPLES } = input;
      const { start_step: from, end_step: to } = input;
      checkSampling(ids, wanted, from, to);
      const unique = [...new Set(ids)];
      const kept = new Map((await runs.many(unique)).map((run) => [run.id, run]));
      for (const id of unique) if (!kept.has(id)) throw noSuchRun(id);
      const known = unique.map((id) => kept.get(id)!);
      const key = await numberOf(name);
      if (key === undefined) return {};
      const seqs = known.map(({ seq }) => seq);
      const { steps, ends } = await history.steps(seqs, key, { from, to });
      const points = await history.atSteps(
        seqs,
        key,
        sampledSteps(steps, wanted, ends),
        MAX_POINTS,
      );
      return { body: omitEmpty({ metrics: points.map(runPointWire(known, name)) }) };
    },
  });

  return rpcRoutes([ofRun, ofRuns, sampled]);
}

function checkSampling(
  ids: readonly string[],
  wanted: number,
  from: number | undefined,
  to: number | undefined,
): void {
  if (ids.length === 0) throw missingParameter("run_ids");
  if (ids.length > MAX_RUNS)
    throw invalidParameter(
      `GetMetricHistoryBulkInterval request must specify at most ${MAX_RUNS} run_ids. Received ${ids.length} run_ids.`,
    );
  if (wanted < 1 || wanted > MAX_SAMPLES)
    throw invalidParameter(`max_results must be between 1 and ${MAX_SAMPLES}.`);
  if ((from === undefined) !== (to === undefined))
    throw invalidParameter(
      "If either start step or end step are specified, both must be specified.",
    );
  if (from !== undefined && to !== undefined && from > to)
    throw invalidParameter(
      `end_step must be greater than start_step. Found start_step=${from} and end_step=${to}.`,
    );
}

const runPointWire =
  (runs: readonly TrackedRun[], key: string) =>
  ({ run, ...point }: RunPoint) => ({ ...metricWire({ key, ...point }), run_id: runs[run]!.id });

const positionToken = ({ timestamp, step, value }: Point): string =>
  pageToken([timestamp, step, wireDouble(value)]);

function readPosition(token: string): Point {
  const position = readPageToken(token);
  const [timestamp, step, value] = Array.isArray(position) ? position : [];
  if (Number.isSafeInteger(timestamp) && Number.isSafeInteger(step) && isDouble(value))
    return { timestamp: timestamp as number, step: step as number, value: Number(value) };
  throw invalidParameter("Invalid page token, could not base64-decode");
}

const isDouble = (value: unknown): boolean =>
  typeof value === "number" || ["NaN", "Infinity", "-Infinity"].includes(String(value));
