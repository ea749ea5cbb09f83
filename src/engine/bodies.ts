import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { BodyAbout, StepOptions } from "./bodies/protocol.ts";
import type { Steps } from "./engine.ts";

/**
 * Executes bodies of pipelines that people wrote, each in a thread of its own: what it burns, leaks or ends is not the worker's. The body
 * is replayed from the top like any other; its answers come in the order of its calls, so that branches that run side by side ask for
 * the same steps in the same order at every execution.
 */
export interface Bodies {
  /** Throws what ended it; never returns when this process's engine stops. */
  run(request: BodyRequest): Promise<Json>;
  /** Ends all threads: after the engine has stopped. */
  close(): Promise<void>;
}

export interface BodyRequest {
  readonly steps: Steps;
  /** Of the bundle, among the blobs: the only code that this run ever executes. */
  readonly code: Digest;
  readonly pipeline: string;
  readonly about: BodyAbout;
  /** Begins a step that is no function. Asks for exactly one operation of the journal before it awaits anything. */
  work(name: string, work: Json, options: StepOptions): Promise<Json>;
  /** Input of a child of a fan-out. */
  childInput(params: Json): Json;
}
