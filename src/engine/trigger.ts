import type { Json } from "../lib/json.ts";
import type { Event } from "./event.ts";

/** "This event starts that pipeline": a line of `pipelines/triggers.ts`. */
export interface Trigger {
  /** Stable: events already answered are remembered under it. */
  readonly name: string;
  readonly on: readonly string[];
  readonly pipeline: string;
  /** The input of the run, or undefined when this event starts nothing. */
  readonly input: (event: Event) => Json | undefined | Promise<Json | undefined>;
}
