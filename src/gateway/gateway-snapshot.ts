import type { MetricsSnapshot } from "../lib/metrics.ts";
import type { ProcessMetrics } from "../runtime/process-metrics.ts";
import type { Metrics } from "../serving/metrics.ts";
import { presentMetrics } from "../serving/present-metrics.ts";
import type { LogState } from "./prediction-log.ts";
import type { SharedHotModels } from "./shared-hot-models.ts";

/** The parts of a gateway that know what its counters do not. */
export interface ObservedParts {
  readonly counters: Metrics;
  readonly self: ProcessMetrics;
  readonly batches: { readonly queuedRows: number };
  readonly shadows: { queuedRows(): number; lagMs(): number | undefined };
  readonly predictionLog: { state(): LogState };
  readonly routes: { readonly size: number };
  readonly sessions: { readonly loaded: number; readonly loadedBytes: number };
  readonly shared: Pick<SharedHotModels, "away"> | undefined;
  /** Models loaded since the start, those closed again included. */
  loads(): number;
}

/** Everything this process tells Prometheus, as of now. Snapshots of several processes add up: `mergeSnapshots`. */
export function gatewaySnapshot(parts: ObservedParts): () => MetricsSnapshot {
  const { counters, self, batches, shadows, predictionLog, routes, sessions } = parts;
  let evictions = 0;
  return () => {
    const log = predictionLog.state();
    // Those being loaded count as loaded: a counter must not fall when one of them fails.
    evictions = Math.max(evictions, parts.loads() - sessions.loaded);
    return counters.snapshot([
      ...presentMetrics({
        queuedRows: batches.queuedRows,
        shadowQueuedRows: shadows.queuedRows(),
        shadowLagMs: shadows.lagMs(),
        journalPendingBytes: log.pendingBytes,
        logFull: log.full,
        logFreeBytes: log.space?.freeBytes,
        unshippedSegments: log.space?.segments ?? 0,
        unshippedBytes: log.space?.bytes ?? 0,
        logLagMs: log.space?.oldestAt === undefined ? undefined : Date.now() - log.space.oldestAt,
        modelsRouted: routes.size,
        modelsLoaded: sessions.loaded,
        modelsLoadedBytes: sessions.loadedBytes,
        modelEvictions: evictions,
        stateAway: parts.shared?.away(),
      }),
      ...self.snapshot(),
    ]);
  };
}
