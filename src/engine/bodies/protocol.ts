import type { ErrorCode } from "../../../sdk/src/contract/errors.ts";
import type { Json } from "../../lib/json.ts";

/** What the thread of a body is started with. */
export interface BodyStart {
  /** Path of the bundle. */
  readonly file: string;
  readonly pipeline: string;
  readonly about: BodyAbout;
}

/** What is the same at every execution of the run. */
export interface BodyAbout {
  readonly id: string;
  readonly params: Readonly<Record<string, Json>>;
  /** Milliseconds since 1970: the run's creation, and that of the last one before it that succeeded. */
  readonly startedAt: number;
  readonly lastSuccess: number | null;
  /** The project's. */
  readonly folder: string;
}

export interface StepOptions {
  readonly retries?: number | undefined;
  readonly backoffMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** How old a result may be that answers; undefined: none does. */
  readonly cacheMs?: number | undefined;
}

/** What a body asks for. Each becomes one operation of the journal. */
export type BodyCall =
  | {
      readonly kind: "step";
      readonly name: string;
      readonly input: Json;
      readonly options: StepOptions;
    }
  /** A step whose work is described, not a function: whoever runs the body knows such works. */
  | {
      readonly kind: "work";
      readonly name: string;
      readonly work: Json;
      readonly options: StepOptions;
    }
  | { readonly kind: "wait"; readonly topic: string; readonly timeoutMs: number }
  | { readonly kind: "sleep"; readonly name: string; readonly ms: number }
  | {
      readonly kind: "fanOut";
      readonly name: string;
      readonly pipeline: string;
      readonly inputs: readonly Json[];
    };

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly stack?: string | undefined;
}

export type ToBody =
  | { readonly kind: "answer"; readonly id: number; readonly value: Json }
  | { readonly kind: "refuse"; readonly id: number; readonly failure: Failure }
  /** Runs the function of that call. */
  | { readonly kind: "execute"; readonly id: number; readonly attempt: number }
  /** Asks that function to end. */
  | { readonly kind: "abort"; readonly id: number; readonly why: string };

export type FromBody =
  | { readonly kind: "call"; readonly id: number; readonly call: BodyCall }
  | { readonly kind: "executed"; readonly id: number; readonly value: Json }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure }
  | {
      readonly kind: "progress";
      readonly id: number;
      readonly message: string;
      readonly fraction: number | undefined;
    }
  | { readonly kind: "log"; readonly message: string }
  | { readonly kind: "done"; readonly value: Json }
  | { readonly kind: "broken"; readonly failure: Failure };
