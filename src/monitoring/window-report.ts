import type { Digest } from "../lib/digest.ts";
import type { WindowFindings } from "./finding.ts";
import type { Incident } from "./incident.ts";
import type { MonitorState } from "./monitor.ts";

/** One window of a model that was looked at. Plain JSON. */
export interface WindowReport extends WindowFindings {
  readonly model: string;
  /** The champion whose answers these were. */
  readonly version: Digest;
  /** The run that looked. */
  readonly runId?: string;
  /** Goes on into the next window of the same version. */
  readonly state: MonitorState;
}

/** An incident of a model, as kept. */
export interface KeptIncident extends Incident {
  readonly id: string;
  readonly model: string;
}
