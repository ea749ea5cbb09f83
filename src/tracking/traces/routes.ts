import { z } from "zod";
import type { HttpAnswer, HttpRequest, HttpRoute } from "../../http/http.ts";
import type { Clock } from "../../lib/clock.ts";
import { newAssessment } from "../assessments/read-assessment.ts";
import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";
import { absent, boolean, integer, list, text } from "../mlflow/fields.ts";
import { type Rpc, rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { hexId } from "../runs/hex-id.ts";
import { parseFilter } from "../search/filter.ts";
import { TRACES } from "../search/kinds.ts";
import { awaitSpans } from "./await-spans.ts";
import { correlationOf } from "./correlation.ts";
import { noTrace, oneTrace } from "./one-trace.ts";
import {
  checkedKey,
  checkedValue,
  experimentId,
  experimentNumber,
  toldTrace,
  traceId,
  traceInfoFields,
} from "./read-trace.ts";
import { searchFields, searchTraces } from "./search-traces.ts";
import { type Span, spanFileJson, spanJson } from "./span.ts";
import type { TraceStore } from "./store.ts";
import { spansExpected, type Trace, traceView } from "./trace.ts";
import { type WhyNotKeptDeps, whyNotKept } from "./why-not-kept.ts";

export interface TraceRoutesDeps extends WhyNotKeptDeps {
  readonly traces: TraceStore;
  readonly clock: Clock;
  hasRun(id: string): Promise<boolean>;
  pause(ms: number): Promise<unknown>;
  chance(): number;
}

const MAX_LINKS = 100;
const MAX_IDS = 1000;

/** Traces of clients since 3.0, and what both versions of the API share. */
export function traceRoutes(deps: TraceRoutesDeps): HttpRoute[] {
  return [
    ...rpcRoutes([
      ...calls(deps),
      ...sharedCalls(deps, 2),
      ...sharedCalls(deps, 3),
      ...links(deps),
    ]),
    fileRoute(deps),
  ];
}

function calls(deps: TraceRoutesDeps): Rpc[] {
  const { traces, clock } = deps;
  return [
    rpc({
      ...{
        method: "POST",
        path: "/traces",
        version: 3,
        summary: "keeps what a client tells about a trace",
      },
      input: z.object({ trace: z.object({ trace_info: traceInfoFields }) }),
      async handle({ trace: { trace_info: given } }) {
        const now = clock.now();
        const told = toldTrace(given, now);
        const assessments = given.assessments.map((one) =>
          newAssessment(one, { trace: told.id, id: `a-${hexId(deps.chance)}`, now }),
        );
        const trace = await traces.tell(told, assessments);
        if (trace === undefined) throw await whyNotKept(deps, told.experiment);
        return { body: { trace: { trace_info: traceView(trace) } } };
      },
    }),
    rpc({
      ...{
        method: "GET",
        path: "/traces/{trace_id}",
        version: 3,
        summary: "a trace without its spans",
      },
      input: z.object({ trace_id: text(1) }),
      async handle({ trace_id: id }) {
        return { body: { trace: { trace_info: traceView(await oneTrace(deps, id)) } } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/traces/get", version: 3, summary: "a trace and its spans" },
      input: z.object({ trace_id: text(1), allow_partial: absent(boolean()) }),
      async handle({ trace_id: id, allow_partial: partial = false }) {
        const trace = await oneTrace(deps, id);
        const spans = partial
          ? ((await traces.spans([id])).get(id) ?? [])
          : await awaitSpans(deps, trace);
        if (spans === undefined)
          throw doesNotExist(
            `Trace with ID ${id} is not fully exported yet, please try again later.`,
          );
        return jsonText(`{"trace":${wholeTrace(trace, spans)}}`);
      },
    }),
    rpc({
      ...{
        method: "GET",
        path: "/traces/batchGet",
        version: 3,
        summary: "complete traces with their spans",
      },
      input: z.object({ trace_ids: list(text(1)) }),
      async handle({ trace_ids: ids }) {
        checkIds(ids);
        const [found, spans] = await Promise.all([traces.get(ids), traces.spans(ids)]);
        const whole = found.flatMap((trace) => {
          const own = spans.get(trace.id) ?? [];
          return own.length >= (spansExpected(trace) ?? 1) ? [wholeTrace(trace, own)] : [];
        });
        return jsonText(whole.length === 0 ? "{}" : `{"traces":[${whole.join()}]}`);
      },
    }),
    rpc({
      ...{
        method: "POST",
        path: "/traces/batchGetInfos",
        version: 3,
        summary: "traces without their spans",
      },
      input: z.object({ trace_ids: list(text(1)) }),
      async handle({ trace_ids: ids }) {
        checkIds(ids);
        const found = await traces.get(ids);
        return { body: found.length === 0 ? {} : { trace_infos: found.map(traceView) } };
      },
    }),
    rpc({
      ...{ method: "POST", path: "/traces/search", version: 3, summary: "traces by a filter" },
      input: z.object({
        locations: z.array(
          z.object({ mlflow_experiment: absent(z.object({ experiment_id: experimentId() })) }),
        ),
        ...searchFields(),
      }),
      async handle({ locations, ...wish }) {
        const experiments = locations.flatMap(
          ({ mlflow_experiment: at }) => at?.experiment_id ?? [],
        );
        const { found, next } = await searchTraces(deps, experiments, wish);
        return {
          body: {
            ...(found.length === 0 ? {} : { traces: found.map(traceView) }),
            ...(next === undefined ? {} : { next_page_token: next }),
          },
        };
      },
    }),
    rpc({
      ...{ method: "POST", path: "/traces/calculate-filter-correlation", version: 3 },
      summary: "how far two filters find the same traces",
      input: z.object({
        experiment_ids: list(experimentId()),
        ...{ filter_string1: text(), filter_string2: text(), base_filter: absent(text()) },
      }),
      async handle({ experiment_ids: experiments, ...given }) {
        const counts = await traces.countMatches(experiments.map(experimentNumber), {
          base: parseFilter(given.base_filter, TRACES),
          first: parseFilter(given.filter_string1, TRACES),
          second: parseFilter(given.filter_string2, TRACES),
        });
        const { npmi, smoothed } = correlationOf(counts);
        return {
          body: {
            ...(npmi === undefined ? {} : { npmi }),
            ...(smoothed === undefined ? {} : { npmi_smoothed: smoothed }),
            ...{ filter1_count: counts.first, filter2_count: counts.second },
            ...{ joint_count: counts.both, total_count: counts.total },
          },
        };
      },
    }),
  ];
}

/** The same under both versions. */
function sharedCalls(deps: TraceRoutesDeps, version: 2 | 3): Rpc[] {
  const { traces } = deps;
  return [
    rpc({
      ...{ method: "POST", path: "/traces/delete-traces", version, summary: "deletes traces" },
      input: z.object({
        experiment_id: experimentId(),
        max_timestamp_millis: absent(integer()),
        max_traces: absent(integer()),
        request_ids: list(text(1)),
      }),
      async handle(given) {
        const { max_timestamp_millis: until, max_traces: limit, request_ids: ids } = given;
        checkDeletion({ until, limit, ids });
        const experiment = experimentNumber(given.experiment_id);
        const named = ids.length === 0 ? undefined : ids;
        return {
          body: { traces_deleted: await traces.delete({ experiment, until, limit, ids: named }) },
        };
      },
    }),
    rpc({
      ...{
        method: "PATCH",
        path: "/traces/{trace_id}/tags",
        version,
        summary: "sets a tag of a trace",
      },
      input: z.object({ trace_id: text(1), key: text(1), value: absent(text()) }),
      async handle({ trace_id: id, key, value = "" }) {
        if (!(await traces.setTag(id, checkedKey("key", key), checkedValue(value))))
          throw noTrace(id);
        return {};
      },
    }),
    rpc({
      ...{
        method: "DELETE",
        path: "/traces/{trace_id}/tags",
        version,
        summary: "deletes a tag of a trace",
      },
      input: z.object({ trace_id: text(1), key: text(1) }),
      async handle({ trace_id: id, key }) {
        if (await traces.deleteTag(id, key)) return {};
        await oneTrace(deps, id);
        throw doesNotExist(`No trace tag with key '${key}' for trace with ID '${id}'`);
      },
    }),
  ];
}

function links(deps: TraceRoutesDeps): Rpc[] {
  const { traces, hasRun } = deps;
  return [
    rpc({
      ...{ method: "POST", path: "/traces/link-to-run", summary: "links traces to a run" },
      input: z.object({ trace_ids: list(traceId()), run_id: text(1) }),
      async handle({ trace_ids: ids, run_id: run }) {
        if (ids.length > MAX_LINKS)
          throw invalidParameter(
            `Cannot link more than ${MAX_LINKS} traces to a run in a single request. Provided ${ids.length} traces.`,
          );
        if (!(await hasRun(run))) throw doesNotExist(`Run with id=${run} not found`);
        await traces.link(
          "run",
          ids.map((trace) => ({ trace, target: run })),
        );
        return {};
      },
    }),
    rpc({
      ...{
        method: "POST",
        path: "/traces/link-prompts",
        summary: "links versions of prompts to a trace",
      },
      input: z.object({
        trace_id: text(1),
        prompt_versions: z.array(
          z.object({ name: text(1).max(256), version: z.union([text(1).max(20), integer()]) }),
        ),
      }),
      async handle({ trace_id: trace, prompt_versions: versions }) {
        await oneTrace(deps, trace);
        const targets = versions.map(({ name, version }) => `${name}/${version}`);
        await traces.link(
          "prompt",
          targets.map((target) => ({ trace, target })),
        );
        return {};
      },
    }),
  ];
}

/** The spans as the file that older clients keep among a trace's artifacts; MLflow's pages ask for it. */
function fileRoute(deps: TraceRoutesDeps): HttpRoute {
  return {
    ...{ method: "GET", path: "/ajax-api/2.0/mlflow/get-trace-artifact" },
    about: () => ({ summary: "MLflow: the spans of a trace as a file" }),
    async handle({ query }: HttpRequest) {
      const id = query.request_id ?? "";
      if (id === "")
        throw invalidParameter('Request must include the "request_id" query parameter.');
      await oneTrace(deps, id);
      const spans = (await deps.traces.spans([id])).get(id) ?? [];
      return {
        headers: {
          "content-disposition": "attachment; filename=traces.json",
          "x-content-type-options": "nosniff",
        },
        type: "application/octet-stream",
        body: `{"spans": [${spans.map(spanFileJson).join(", ")}]}`,
      };
    },
  };
}

const jsonText = (body: string): HttpAnswer => ({ type: "application/json; charset=utf-8", body });

const wholeTrace = (trace: Trace, spans: readonly Span[]): string =>
  `{"trace_info":${JSON.stringify(traceView(trace))},"spans":[${spans.map(spanJson).join()}]}`;

function checkIds(ids: readonly string[]): void {
  if (ids.length === 0) throw invalidParameter("Missing value for required parameter 'trace_ids'.");
  if (ids.length > MAX_IDS)
    throw invalidParameter(`trace_ids: at most ${MAX_IDS} ids, not ${ids.length}.`);
}

function checkDeletion(given: {
  readonly until: number | undefined;
  readonly limit: number | undefined;
  readonly ids: readonly string[];
}): void {
  const { until, limit, ids } = given;
  if (until === undefined && ids.length === 0)
    throw invalidParameter("Either `max_timestamp_millis` or `trace_ids` must be specified.");
  if (until !== undefined && ids.length > 0)
    throw invalidParameter("Only one of `max_timestamp_millis` and `trace_ids` can be specified.");
  if (ids.length > 0 && limit !== undefined)
    throw invalidParameter("`max_traces` can't be specified if `trace_ids` is specified.");
  if (limit !== undefined && limit <= 0)
    throw invalidParameter(`\`max_traces\` must be a positive integer, received ${limit}.`);
}
