import type { Json } from "../lib/json.ts";

/** A change of what a model answers with: always with its reason and, where one decided, the verdict. */
export interface Change {
  readonly model: string;
  /** In words; starts lower case, no full stop. */
  readonly reason: string;
  readonly verdict: Json | undefined;
  readonly runId: string | undefined;
  /** Milliseconds since 1970; event time in replays. */
  readonly at: number;
}
