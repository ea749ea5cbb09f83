import type { Digest } from "../lib/digest.ts";

/** Which versions answer for a model. Routes are data: changed live, kept in PostgreSQL, snapshot on the gateway's disk. */
export interface Route {
  readonly model: string;
  readonly champion: Digest;
  /** Runs on the same rows after the answer has left; never slows or fails it. */
  readonly shadow: Digest | undefined;
  /** Increases with every change of the model's route. */
  readonly revision: number;
}
