import type { TrackedRun } from "@millwright/sdk/contract/experiments";
import { StateBadge } from "../../ui/badge.tsx";

/** MLflow's words for what we call states. */
const STATES = {
  RUNNING: "running",
  SCHEDULED: "queued",
  FINISHED: "succeeded",
  FAILED: "failed",
  KILLED: "cancelled",
} as const;

export const TrackedStatus = ({ status }: { status: TrackedRun["info"]["status"] }) => (
  <StateBadge state={STATES[status]} />
);
