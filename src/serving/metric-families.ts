import type { MetricFamily } from "../lib/metrics.ts";

/** Upper bounds in seconds: an online answer takes about a millisecond, loading a model up to seconds. */
const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000];

const family = (
  name: string,
  type: MetricFamily["type"],
  help: string,
  more = {},
): MetricFamily => ({
  name: `millwright_${name}`,
  ...{ type, help, ...more },
});
const counter = (name: string, help: string, labels?: readonly string[]): MetricFamily =>
  family(name, "counter", help, labels === undefined ? {} : { labels });
const gauge = (name: string, help: string, more = {}): MetricFamily =>
  family(name, "gauge", help, more);

/** Everything a gateway tells Prometheus. The table of docs/guides/observability.md is tested against it. */
export const GATEWAY_METRICS = {
  requests: family(
    "request_duration_seconds",
    "histogram",
    "Time from the request read to the answer made.",
    {
      ...{ labels: ["route", "model", "status"], buckets: SECONDS },
    },
  ),
  predictions: counter("predictions_total", "Answered rows that are in the log.", [
    "model",
    "variant",
  ]),
  abstentions: counter("abstentions_total", "Answered rows on which the model said nothing.", [
    "model",
  ]),
  unlogged: counter(
    "unlogged_predictions_total",
    "Answered rows that are not in the log, because its disk is full and the policy is to answer.",
  ),
  feedback: counter("feedback_total", "Truths kept in the log."),
  fallbacks: counter("fallbacks_total", "Rows answered by a stand-in of the model that was asked."),
  late_answers: counter(
    "late_answers_total",
    "Rows whose own answer came after the route's deadline.",
  ),
  shed: counter("shed_requests_total", "Requests refused with 429 because too much was waiting."),
  batchRows: family("batch_rows", "histogram", "Rows in one call of the runtime.", {
    buckets: ROWS,
  }),
  queueWait: family(
    "queue_wait_seconds",
    "histogram",
    "Time from a call asked for to the runtime running it.",
    {
      buckets: SECONDS,
    },
  ),
  processes: gauge("gateway_processes", "Processes that answer behind this port."),
  queuedRows: gauge("queued_rows", "Rows waiting for the runtime."),
  shadow_predictions: counter("shadow_predictions_total", "Rows the shadow answered, for the log."),
  shadow_failures: counter("shadow_failures_total", "Rows the shadow could not answer."),
  shadow_skipped: counter(
    "shadow_skipped_total",
    "Rows the shadow was not asked because it was too far behind.",
  ),
  shadowQueuedRows: gauge("shadow_queued_rows", "Rows waiting for the shadow."),
  shadowLag: gauge("shadow_lag_seconds", "Age of the oldest rows waiting for the shadow.", {
    merge: "max",
  }),
  journalPending: gauge(
    "journal_pending_bytes",
    "Bytes of records that the disk does not have yet.",
  ),
  logFull: gauge("log_full", "1 while the prediction log's disk is full.", { merge: "max" }),
  logFree: gauge("log_free_bytes", "Free space on the prediction log's disk.", { merge: "min" }),
  logUnshippedSegments: gauge(
    "log_unshipped_segments",
    "Journal segments of this machine that are not shipped yet.",
    { merge: "max" },
  ),
  logUnshipped: gauge(
    "log_unshipped_bytes",
    "Bytes of journal segments of this machine that are not shipped yet.",
    {
      merge: "max",
    },
  ),
  logLag: gauge(
    "log_lag_seconds",
    "Age of the oldest closed journal segment of this machine that is not shipped yet.",
    {
      merge: "max",
    },
  ),
  modelsRouted: gauge("models_routed", "Models with a route.", { merge: "max" }),
  modelsLoaded: gauge("models_loaded", "Models in memory."),
  modelsLoadedBytes: gauge(
    "models_loaded_bytes",
    "Memory of the models loaded, estimated from their files.",
  ),
  modelHits: counter("model_hits_total", "Uses of a model that was in memory."),
  modelMisses: counter("model_misses_total", "Uses of a model that had to be loaded."),
  modelEvictions: counter("model_evictions_total", "Models closed to make room."),
  modelLoad: family(
    "model_load_seconds",
    "histogram",
    "Time to read, check, open and warm up a model.",
    {
      buckets: SECONDS,
    },
  ),
  stateAway: gauge("state_away", "1 while the shared state (STATE_URL) could not be used.", {
    merge: "max",
  }),
  refresh_failures: counter(
    "refresh_failures_total",
    "Times the routes could not be read; what is known goes on being served.",
  ),
} satisfies Readonly<Record<string, MetricFamily>>;
