import type { Json } from "../lib/json.ts";

/** Something that happened, said in the past tense: `dataset.ingested`, `drift.detected`, `labels.collected`. */
export interface Event {
  readonly id: number;
  readonly type: string;
  /** What it is about, e.g. the model's or dataset's name. */
  readonly subject: string;
  readonly payload: Json;
  /** Milliseconds since 1970. */
  readonly at: number;
}
