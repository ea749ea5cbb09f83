import { type FamilySnapshot, present } from "../lib/metrics.ts";
import { GATEWAY_METRICS } from "./metric-families.ts";

/** What is known of a gateway by looking at it. Ages in milliseconds; undefined: nothing waits. */
export interface GatewayState {
  readonly queuedRows: number;
  readonly shadowQueuedRows: number;
  readonly shadowLagMs: number | undefined;
  readonly journalPendingBytes: number;
  readonly logFull: boolean;
  /** undefined: nobody has looked yet. */
  readonly logFreeBytes: number | undefined;
  readonly unshippedSegments: number;
  readonly unshippedBytes: number;
  readonly logLagMs: number | undefined;
  readonly modelsRouted: number;
  readonly modelsLoaded: number;
  readonly modelsLoadedBytes: number;
  readonly modelEvictions: number;
  /** undefined: this gateway shares no state. */
  readonly stateAway: boolean | undefined;
}

export function presentMetrics(state: GatewayState): FamilySnapshot[] {
  const of = GATEWAY_METRICS;
  const seconds = (ms: number | undefined) => Math.max(0, ms ?? 0) / 1000;
  return [
    present(of.processes, [[1]]),
    present(of.queuedRows, [[state.queuedRows]]),
    present(of.shadowQueuedRows, [[state.shadowQueuedRows]]),
    present(of.shadowLag, [[seconds(state.shadowLagMs)]]),
    present(of.journalPending, [[state.journalPendingBytes]]),
    present(of.logFull, [[state.logFull ? 1 : 0]]),
    ...(state.logFreeBytes === undefined ? [] : [present(of.logFree, [[state.logFreeBytes]])]),
    present(of.logUnshippedSegments, [[state.unshippedSegments]]),
    present(of.logUnshipped, [[state.unshippedBytes]]),
    present(of.logLag, [[seconds(state.logLagMs)]]),
    present(of.modelsRouted, [[state.modelsRouted]]),
    present(of.modelsLoaded, [[state.modelsLoaded]]),
    present(of.modelsLoadedBytes, [[state.modelsLoadedBytes]]),
    present(of.modelEvictions, [[state.modelEvictions]]),
    ...(state.stateAway === undefined ? [] : [present(of.stateAway, [[state.stateAway ? 1 : 0]])]),
  ];
}
