import { type FamilySnapshot, present } from "../lib/metrics.ts";
import { GATEWAY_METRICS } from "./metric-families.ts";

/** What is known of a gateway by looking at it. Ages in milliseconds; undefined: nothing waits. */
export interface GatewayState {
  readonly queuedRows: number;
  readonly shadowQueuedRows: number;
  readonly shadowLagMs: number | undefined;
  readonly log: LogState;
  readonly modelsRouted: number;
  readonly modelsLoaded: number;
  readonly modelsLoadedBytes: number;
  readonly modelEvictions: number;
}

/** Of the journals of this machine. */
export interface LogState {
  /** Not on disk yet. */
  readonly pendingBytes: number;
  readonly full: boolean;
  /** Of the disk; undefined: it could not be looked at. */
  readonly freeBytes: number | undefined;
  readonly unshippedBytes: number;
  readonly unshippedSegments: number;
  /** Since the oldest closed segment was written last. */
  readonly lagMs: number | undefined;
}

export function presentMetrics(state: GatewayState): FamilySnapshot[] {
  const of = GATEWAY_METRICS;
  const { log } = state;
  const seconds = (ms: number | undefined) => Math.max(0, ms ?? 0) / 1000;
  return [
    present(of.queuedRows, [[state.queuedRows]]),
    present(of.shadowQueuedRows, [[state.shadowQueuedRows]]),
    present(of.shadowLag, [[seconds(state.shadowLagMs)]]),
    present(of.journalPending, [[log.pendingBytes]]),
    present(of.logFull, [[Number(log.full)]]),
    present(of.logFree, log.freeBytes === undefined ? [] : [[log.freeBytes]]),
    present(of.logUnshipped, [[log.unshippedBytes]]),
    present(of.logSegments, [[log.unshippedSegments]]),
    present(of.logLag, [[seconds(log.lagMs)]]),
    present(of.modelsRouted, [[state.modelsRouted]]),
    present(of.modelsLoaded, [[state.modelsLoaded]]),
    present(of.modelsLoadedBytes, [[state.modelsLoadedBytes]]),
    present(of.modelEvictions, [[state.modelEvictions]]),
  ];
}
