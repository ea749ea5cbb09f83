import type { ErrorCode } from "../../../sdk/src/contract/errors.ts";
import type { Json } from "../../lib/json.ts";

/** What the main thread and its compute threads say to each other. A thread does one thing at a time. */
export type ToThread =
  | {
      readonly kind: "task";
      readonly task: string;
      readonly input: unknown;
      /** One Int32: 1 = please stop. */
      readonly stop: SharedArrayBuffer;
    }
  | ({ readonly kind: "member"; readonly index: number } & TeamRequest);

export type FromThread =
  | { readonly kind: "progress"; readonly message: string; readonly fraction?: number }
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly failure: Failure }
  /** The thread's task asks for `size - 1` more threads. */
  | ({ readonly kind: "team" } & TeamRequest)
  /** This thread's team was closed: it is free again. */
  | { readonly kind: "member-free" };

export interface TeamRequest {
  readonly member: string;
  readonly size: number;
  readonly init: unknown;
  readonly control: SharedArrayBuffer;
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Json;
}
