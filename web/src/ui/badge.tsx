import type { RunStateName } from "@millwright/sdk/contract/shapes";
import type { ReactNode } from "react";

export type Tone = "good" | "warn" | "bad" | "live" | "plain";

/** A word with a colour and a sign: never the colour alone. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`badge ${tone}`}>
      <span className="sign" aria-hidden="true" />
      {children}
    </span>
  );
}

const TONES: Readonly<Record<RunStateName, Tone>> = {
  queued: "plain",
  running: "live",
  waiting: "plain",
  succeeded: "good",
  failed: "bad",
  cancelled: "warn",
};

export const StateBadge = ({ state }: { state: RunStateName }) => (
  <Badge tone={TONES[state]}>{state}</Badge>
);
