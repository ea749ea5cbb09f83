import type { MetricsSnapshot } from "../lib/metrics.ts";
import type { ProcessMetrics } from "../runtime/process-metrics.ts";
import type { Metrics } from "../serving/metrics.ts";
import { type LogState, presentMetrics } from "../serving/present-metrics.ts";

/** The parts of a gateway that know what its counters do not. */
export interface ObservedParts {
  readonly counters: Metrics;
  readonly self: ProcessMetrics;
  readonly batches: { readonly queuedRows: number };
  readonly shadows: { queuedRows(): number; lagMs(): number | undefined };
  readonly log: { state(): LogState };
  readonly routes: { readonly size: number };
  readonly sessions: { readonly loaded: number; readonly loadedBytes: number };
  /** Models loaded since the start, those closed again included. */
  loads(): number;
}

/** Everything this process tells Prometheus, as of now. Snapshots of several processes add up: `mergeSnapshots`. */
export function gatewaySnapshot(parts: ObservedParts): () => MetricsSnapshot {
  const { counters, self, batches, shadows, log, routes, sessions } = parts;
  let evictions = 0;
  return () => {
    // Those being loaded count as loaded: a counter must not fall when one of them fails.
    evictions = Math.max(evictions, parts.loads() - sessions.loaded);
    return counters.snapshot([
      ...presentMetrics({
        queuedRows: batches.queuedRows,
        shadowQueuedRows: shadows.queuedRows(),
        shadowLagMs: shadows.lagMs(),
        log: log.state(),
        modelsRouted: routes.size,
        modelsLoaded: sessions.loaded,
        modelsLoadedBytes: sessions.loadedBytes,
        modelEvictions: evictions,
      }),
      ...self.snapshot(),
    ]);
  };
}
