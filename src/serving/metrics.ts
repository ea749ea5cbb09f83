import {
  type FamilySnapshot,
  type MetricsSnapshot,
  type Recorded,
  recorded,
} from "../lib/metrics.ts";
import { GATEWAY_METRICS } from "./metric-families.ts";
import { modelLabels } from "./model-labels.ts";
import type { LogRecord } from "./prediction.ts";

/** What one gateway process counts. Everything is O(1), and well under a microsecond. Snapshots of processes add up (`mergeSnapshots`). */
export interface Metrics {
  /** @param model as the caller wrote it; undefined: the route names none. */
  countRequest(route: string, model: string | undefined, status: number, durationMs: number): void;
  count(name: CounterName, by?: number): void;
  /** Records that are in the log. */
  countRecords(records: readonly LogRecord[]): void;
  /** One call of the runtime, and how long the oldest of its callers waited. */
  countBatch(rows: number, waitedMs: number | undefined): void;
  countModelUse(loaded: boolean): void;
  countModelLoad(durationMs: number): void;
  /** @param present what is only known by looking: gauges, evictions. */
  snapshot(present?: readonly FamilySnapshot[]): MetricsSnapshot;
}

export type CounterName =
  | "feedback"
  | "unlogged"
  | "fallbacks"
  | "late_answers"
  | "shadow_predictions"
  | "shadow_failures"
  | "shadow_skipped"
  | "refresh_failures";

/** @param known whether a model has a route: other names are never labels. */
export function metrics(known: (model: string) => boolean): Metrics {
  const labelOf = modelLabels(known);
  const { requests, predictions, abstentions, shed, ...rest } = GATEWAY_METRICS;
  const { batchRows, queueWait, modelHits, modelMisses, modelLoad } = rest;
  const of = {
    ...{ requests: recorded(requests), shed: recorded(shed) },
    ...{ predictions: recorded(predictions), abstentions: recorded(abstentions) },
    ...{ batchRows: recorded(batchRows), queueWait: recorded(queueWait) },
    ...{ hits: recorded(modelHits), misses: recorded(modelMisses), load: recorded(modelLoad) },
  };
  const counters: Readonly<Record<CounterName, Recorded>> = {
    feedback: recorded(rest.feedback),
    unlogged: recorded(rest.unlogged),
    fallbacks: recorded(rest.fallbacks),
    late_answers: recorded(rest.late_answers),
    shadow_predictions: recorded(rest.shadow_predictions),
    shadow_failures: recorded(rest.shadow_failures),
    shadow_skipped: recorded(rest.shadow_skipped),
    refresh_failures: recorded(rest.refresh_failures),
  };
  return {
    countRequest(route, model, status, durationMs) {
      of.requests(durationMs / 1000, route, labelOf(model), statusText(status));
      if (status === 429) of.shed(1);
    },
    count: (name, by = 1) => counters[name](by),
    countRecords(records) {
      for (const record of records) {
        if (record.kind === "feedback") {
          counters.feedback(1);
          continue;
        }
        const model = labelOf(record.model);
        of.predictions(1, model, record.variant);
        if (record.abstained && record.variant !== "shadow") of.abstentions(1, model);
      }
    },
    countBatch(rows, waitedMs) {
      of.batchRows(rows);
      if (waitedMs !== undefined) of.queueWait(waitedMs / 1000);
    },
    countModelUse: (loaded) => (loaded ? of.hits(1) : of.misses(1)),
    countModelLoad: (durationMs) => of.load(durationMs / 1000),
    snapshot: (present = []) => [
      ...[...Object.values(of), ...Object.values(counters)].map((family) => family.snapshot()),
      ...present,
    ],
  };
}

/** Without making a text for every request. */
const texts = new Map<number, string>();
function statusText(status: number): string {
  let text = texts.get(status);
  if (text === undefined) {
    text = String(status);
    texts.set(status, text);
  }
  return text;
}
