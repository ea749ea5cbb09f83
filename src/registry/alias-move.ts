import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { Alias } from "./model-version.ts";

/** One move of an alias, kept for ever. `version` undefined = the alias was taken away. */
export interface AliasMove {
  readonly model: string;
  readonly alias: Alias;
  readonly version: Digest | undefined;
  readonly previous: Digest | undefined;
  /** In words: who or what moved it and why. */
  readonly reason: string;
  /** The gates' verdict or the sequential test's decision that allowed it. */
  readonly verdict: Json | undefined;
  readonly runId: string | undefined;
  /** Milliseconds since 1970; event time in replays. */
  readonly at: number;
}
