import type { Clock } from "../../lib/clock.ts";
import type { Json } from "../../lib/json.ts";
import type { WebhookStore } from "../webhooks/store.ts";
import type { ModelTag, RegisteredVersion } from "./registered-model.ts";
import type { RegisteredStore } from "./store.ts";

/** What changes together when a registered model does: inside `transact` they share one transaction. */
export interface RegisteredParts {
  readonly registered: RegisteredStore;
  readonly webhooks: Pick<WebhookStore, "tell">;
  readonly loggedModels: LoggedModels;
  /** undefined: there is no such run. */
  runArtifacts(run: string): Promise<string | undefined>;
  /** Until the end of the transaction nobody else moves our own aliases of the model. */
  lock(model: string): Promise<void>;
  /** What of ours needs the model, or that version of it, in words; undefined: nothing does. Ask under `lock`. */
  usedBy(model: string, version?: RegisteredVersion): Promise<string | undefined>;
  /** Appends to the event log. */
  announce(type: string, subject: string, payload: Json, at: number): Promise<void>;
}

export interface RegisteredDeps extends RegisteredParts {
  readonly clock: Clock;
  transact<T>(body: (parts: RegisteredParts) => Promise<T>): Promise<T>;
  /**
   * Makes a version that can be served the champion; one that cannot may have the alias as a name. Throws `gate_failed` with the
   * reasons when the gates do not allow it. undefined: nobody serves here, aliases are only names.
   */
  promoteByAlias?:
    | ((model: string, number: number) => Promise<"promoted" | "not servable">)
    | undefined;
}

/** What is needed of models that runs logged. */
export interface LoggedModels {
  get(id: string): Promise<
    | {
        readonly artifactUri: string;
        readonly sourceRun: string | undefined;
        readonly tags: readonly ModelTag[];
      }
    | undefined
  >;
  setTags(id: string, tags: readonly ModelTag[]): Promise<unknown>;
}
