import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import { absent, choice, list, text } from "../../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { hexId } from "../../runs/hex-id.ts";
import { oneTrace } from "../one-trace.ts";
import { checkedTexts, experimentId, experimentNumber, milliseconds } from "../read-trace.ts";
import type { TraceRoutesDeps } from "../routes.ts";
import { searchFields, searchTraces } from "../search-traces.ts";
import { legacyTraceView, type Texts } from "../trace.ts";
import { whyNotKept } from "../why-not-kept.ts";

const pairs = () => list(z.object({ key: text(), value: absent(text()) }));

const textsOf = (field: string, given: z.output<ReturnType<typeof pairs>>): Texts =>
  checkedTexts(field, Object.fromEntries(given.map(({ key, value = "" }) => [key, value])));

const STATUSES = ["TRACE_STATUS_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"] as const;

/** Traces of clients 2.14 to 2.21, which begin and end a trace with a call each and keep its spans in a file. */
export function legacyTraceRoutes(deps: TraceRoutesDeps): HttpRoute[] {
  const { traces } = deps;
  return rpcRoutes([
    rpc({
      ...{ method: "POST", path: "/traces", summary: "begins a trace" },
      input: z.object({
        experiment_id: experimentId(),
        timestamp_ms: absent(milliseconds()),
        request_metadata: pairs(),
        tags: pairs(),
      }),
      async handle(given) {
        const experiment = experimentNumber(given.experiment_id);
        const told = {
          ...({ id: `tr-${hexId(deps.chance)}`, experiment, state: "IN_PROGRESS" } as const),
          requestTime: given.timestamp_ms ?? deps.clock.now(),
          ...{ clientRequestId: undefined, duration: undefined },
          ...{ requestPreview: undefined, responsePreview: undefined },
          metadata: textsOf("request_metadata", given.request_metadata),
          tags: textsOf("tags", given.tags),
        };
        const trace = await traces.tell(told, []);
        if (trace === undefined) throw await whyNotKept(deps, experiment);
        return { body: { trace_info: legacyTraceView(trace) } };
      },
    }),
    rpc({
      ...{ method: "PATCH", path: "/traces/{request_id}", summary: "ends a trace" },
      input: z.object({
        request_id: text(1),
        timestamp_ms: absent(milliseconds()),
        status: absent(choice(STATUSES, { 0: STATUSES[0], 1: "OK", 2: "ERROR", 3: "IN_PROGRESS" })),
        request_metadata: pairs(),
        tags: pairs(),
      }),
      async handle({ request_id: id, status = STATUSES[0], ...given }) {
        const begun = await oneTrace(deps, id);
        const ended = await traces.tell(
          {
            ...begun,
            state: status === "TRACE_STATUS_UNSPECIFIED" ? "STATE_UNSPECIFIED" : status,
            duration: Math.max(0, (given.timestamp_ms ?? deps.clock.now()) - begun.requestTime),
            metadata: textsOf("request_metadata", given.request_metadata),
            tags: textsOf("tags", given.tags),
          },
          [],
        );
        if (ended === undefined) throw await whyNotKept(deps, begun.experiment);
        return { body: { trace_info: legacyTraceView(ended) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/traces/{request_id}/info", summary: "a trace" },
      input: z.object({ request_id: text(1) }),
      async handle({ request_id: id }) {
        return { body: { trace_info: legacyTraceView(await oneTrace(deps, id)) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/traces", summary: "traces by a filter" },
      input: z.object({ experiment_ids: list(experimentId()), ...searchFields() }),
      async handle({ experiment_ids: experiments, ...wish }) {
        const { found, next } = await searchTraces(deps, experiments, wish);
        return {
          body: {
            ...(found.length === 0 ? {} : { traces: found.map(legacyTraceView) }),
            ...(next === undefined ? {} : { next_page_token: next }),
          },
        };
      },
    }),
  ]);
}
