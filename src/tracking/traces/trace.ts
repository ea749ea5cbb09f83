import type { Json } from "../../lib/json.ts";
import { type Assessment, assessmentView } from "../assessments/assessment.ts";
import { durationText, timestampText } from "../mlflow/times.ts";

export const TRACE_STATES = ["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"] as const;
export type TraceState = (typeof TRACE_STATES)[number];

export type Texts = Readonly<Record<string, string>>;

/** Ids are keys of tables: an index has no room for much longer ones. */
export const MAX_TRACE_ID = 250;

/** What a client tells about a trace. Times are milliseconds. */
export interface ToldTrace {
  /** `tr-` and 32 hex digits, as MLflow's clients make it. */
  readonly id: string;
  readonly experiment: string;
  readonly clientRequestId: string | undefined;
  readonly requestTime: number;
  readonly duration: number | undefined;
  readonly state: TraceState;
  readonly requestPreview: string | undefined;
  readonly responsePreview: string | undefined;
  readonly metadata: Texts;
  readonly tags: Texts;
}

/** A trace as it is, by what was told and what its spans show. */
export interface Trace extends ToldTrace {
  readonly assessments: readonly Assessment[];
}

/** Where the spans of a trace are: with us, or (older clients) in a file among its artifacts. */
export const SPANS_LOCATION = "mlflow.trace.spansLocation";
export const ARTIFACT_LOCATION = "mlflow.artifactLocation";
export const TRACE_NAME = "mlflow.traceName";
export const SOURCE_RUN = "mlflow.sourceRun";
export const TOKEN_USAGE = "mlflow.trace.tokenUsage";
export const COST = "mlflow.trace.cost";
export const SESSION = "mlflow.trace.session";
const SIZE_STATS = "mlflow.trace.sizeStats";

/** How many spans the client says the trace has; undefined when it does not say. */
export function spansExpected({ metadata }: Pick<Trace, "metadata">): number | undefined {
  try {
    const stats = JSON.parse(metadata[SIZE_STATS] ?? "null") as { num_spans?: unknown } | null;
    return typeof stats?.num_spans === "number" ? stats.num_spans : undefined;
  } catch {
    return undefined;
  }
}

/** TraceInfoV3 in JSON. */
export const traceView = (trace: Trace): Json => ({
  trace_id: trace.id,
  ...(trace.clientRequestId === undefined ? {} : { client_request_id: trace.clientRequestId }),
  trace_location: {
    type: "MLFLOW_EXPERIMENT",
    mlflow_experiment: { experiment_id: trace.experiment },
  },
  ...(trace.requestPreview === undefined ? {} : { request_preview: trace.requestPreview }),
  ...(trace.responsePreview === undefined ? {} : { response_preview: trace.responsePreview }),
  request_time: timestampText(trace.requestTime),
  ...(trace.duration === undefined ? {} : { execution_duration: durationText(trace.duration) }),
  state: trace.state,
  trace_metadata: trace.metadata,
  tags: trace.tags,
  ...(trace.assessments.length === 0 ? {} : { assessments: trace.assessments.map(assessmentView) }),
});

/** TraceInfo of clients 2.14 to 2.21. */
export const legacyTraceView = (trace: Trace): Json => ({
  request_id: trace.id,
  experiment_id: trace.experiment,
  timestamp_ms: trace.requestTime,
  ...(trace.duration === undefined ? {} : { execution_time_ms: trace.duration }),
  status: trace.state === "STATE_UNSPECIFIED" ? "TRACE_STATUS_UNSPECIFIED" : trace.state,
  request_metadata: pairs(trace.metadata),
  tags: pairs(trace.tags),
});

const pairs = (texts: Texts): Json => Object.entries(texts).map(([key, value]) => ({ key, value }));
