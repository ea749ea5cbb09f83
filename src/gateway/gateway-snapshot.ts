import type { MetricsSnapshot } from "../lib/metrics.ts";
import type { ProcessMetrics } from "../runtime/process-metrics.ts";
import type { Metrics } from "../serving/metrics.ts";
import { presentMetrics } from "../serving/present-metrics.ts";
import { unshipped } from "../storage/journal/unshipped.ts";

/** The parts of a gateway that know what its counters do not. */
export interface ObservedParts {
  readonly counters: Metrics;
  readonly self: ProcessMetrics;
  readonly batches: { readonly queuedRows: number };
  readonly shadows: { queuedRows(): number; lagMs(): number | undefined };
  readonly journal: { readonly pendingBytes: number };
  readonly routes: { readonly size: number };
  readonly sessions: { readonly loaded: number; readonly loadedBytes: number };
  /** Models loaded since the start, those closed again included. */
  loads(): number;
  readonly journalRoot: string;
}

/** Everything this process tells Prometheus, as of now. Snapshots of several processes add up: `mergeSnapshots`. */
export function gatewaySnapshot(parts: ObservedParts): () => Promise<MetricsSnapshot> {
  const { counters, self, batches, shadows, journal, routes, sessions } = parts;
  let evictions = 0;
  return async () => {
    const now = Date.now();
    const left = await unshipped(parts.journalRoot, now);
    // Those being loaded count as loaded: a counter must not fall when one of them fails.
    evictions = Math.max(evictions, parts.loads() - sessions.loaded);
    return counters.snapshot([
      ...presentMetrics({
        queuedRows: batches.queuedRows,
        shadowQueuedRows: shadows.queuedRows(),
        shadowLagMs: shadows.lagMs(),
        journalPendingBytes: journal.pendingBytes,
        unshippedBytes: left.bytes,
        logLagMs: left.since === undefined ? undefined : now - left.since,
        modelsRouted: routes.size,
        modelsLoaded: sessions.loaded,
        modelsLoadedBytes: sessions.loadedBytes,
        modelEvictions: evictions,
      }),
      ...self.snapshot(),
    ]);
  };
}
