import type { ErrorCode } from "../../sdk/src/contract/errors.ts";
import type { Abort } from "../lib/abort.ts";
import type { Json } from "../lib/json.ts";
import type { QueueLimits } from "./choose-runs.ts";

/** The only state words of the platform. */
export type RunState = "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";

/**
 * What a pipeline body gets. A completed step never runs again: after a crash the body is replayed from the top and each
 * finished step returns its journaled result. So: no side effects outside steps, and steps safe to repeat (the one that was in
 * flight when the process died runs twice). Step names must be unique within a run. Inputs, results and payloads are JSON (an
 * interface cannot be declared to be, so the types do not ask for it).
 */
export interface Steps {
  readonly runId: string;
  step<T>(
    name: string,
    body: (context: StepContext) => Promise<T>,
    /** `waits`: it only waits for what runs elsewhere, so it takes no place of its worker, whose death in the middle is no crash of it. */
    options?: { retries?: number; backoffMs?: number; waits?: boolean },
  ): Promise<T>;
  /** Waits (durably, for days) for `Engine.signal(runId, topic, payload)`. undefined = timed out. */
  waitFor<T>(topic: string, timeoutMs: number): Promise<T | undefined>;
  sleep(name: string, ms: number): Promise<void>;
  /**
   * One run of `pipeline` per input, on any worker, and their outcomes in the order of the inputs once all are over. A child that
   * fails is a value, not a throw. Waiting takes none of the worker's places. Up to 10,000 children; outcomes are read from their
   * runs, so they cost the journal nothing. The children's ids are made of this run, the name and the place: each exists once.
   * Children that are not over end (cancelled) with their parent.
   */
  fanOut<T>(
    name: string,
    pipeline: string,
    inputs: readonly unknown[],
    options?: Placing,
  ): Promise<readonly FanOutResult<T>[]>;
}

/** Of a machine, or asked for by a run. */
export interface Resources {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpu: number;
}

/** Where a run waits for a worker, and which ones will do. */
export interface Placing {
  /** Only workers that take from this queue execute it. Default `default`. */
  readonly queue?: string;
  /** -100 … 100, higher ones first. Default 0. */
  readonly priority?: number;
  /** Runs of the same queue and priority take turns by share: a model, a customer. Default: all are of one. */
  readonly share?: string;
  /** Only workers that have this much free take it. Default: nothing. */
  readonly needs?: Partial<Resources>;
}

export type FanOutResult<T> =
  | { readonly runId: string; readonly ok: true; readonly value: T }
  | {
      readonly runId: string;
      readonly ok: false;
      /** `cancelled`: somebody cancelled this child. */
      readonly error: { readonly code: ErrorCode; readonly message: string };
    };

export interface StepContext {
  readonly signal: Abort;
  /** Shown by `runs`, `show` and the console. fraction in 0..1, or undefined when not known. */
  progress(message: string, fraction?: number): void;
}

export interface Pipeline<I = never, O = unknown> {
  readonly name: string;
  /** Where a run with this input waits when nobody says otherwise. */
  placing?(input: I): Promise<Placing>;
  /** Throwing fails the run; MillwrightError codes with retryable=false are not retried in steps. */
  run(steps: Steps, input: I): Promise<O>;
}

export interface Run {
  readonly id: string;
  readonly pipeline: string;
  readonly state: RunState;
  readonly queue: string;
  readonly priority: number;
  readonly share: string;
  /** The run that started it in a fan-out, and which step of it. */
  readonly parent: { readonly id: string; readonly step: string } | undefined;
  readonly input: Json;
  readonly output: Json | undefined;
  /** In words, with what to do; undefined unless failed. */
  readonly error: string | undefined;
  readonly createdAt: number;
  readonly finishedAt: number | undefined;
  readonly progress:
    | { readonly step: string; readonly message: string; readonly fraction: number | undefined }
    | undefined;
}

export interface RunStep {
  readonly name: string;
  readonly state: RunState;
  readonly attempts: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly error: string | undefined;
}

export interface WorkOptions {
  /** Runs at once; those that wait do not count. */
  readonly concurrency?: number;
  /** Taken from in this order. undefined: from all there are, the most urgent first. */
  readonly queues?: readonly string[] | undefined;
  readonly has?: Resources;
  /** Of queues by name; read now and then. */
  readonly limits?: () => Promise<Readonly<Record<string, QueueLimits>>>;
}

export interface Worker {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** undefined: takes from every queue. */
  readonly queues: readonly string[] | undefined;
  readonly places: number;
  readonly busy: number;
  readonly has: Resources;
  readonly draining: boolean;
  readonly startedAt: number;
}

export interface Load {
  /** Runs that are not over, and those that failed in the last day. */
  readonly runs: readonly {
    readonly queue: string;
    readonly pipeline: string;
    readonly state: RunState;
    readonly count: number;
  }[];
  /** Creation of the oldest run that nobody has begun, by queue. */
  readonly oldestQueued: Readonly<Record<string, number>>;
}

export interface RunFilter {
  readonly pipeline?: string;
  readonly state?: RunState;
  readonly parent?: string;
  readonly limit?: number;
}

/** Durable pipelines on PostgreSQL. Every process with the same database shares the queue; a dead process's runs are taken over. */
export interface Engine {
  /** Call for every pipeline before `start`. */
  register(pipeline: Pipeline): void;
  /** Makes the pipeline of a name that nobody registered: they come and go while the process lives. */
  registerOthers(named: (name: string) => Pipeline | undefined): void;
  /** `work: false` submits and observes only (gateway, control); `work: true` also executes. */
  start(options: { work: false } | ({ work: true } & WorkOptions)): Promise<void>;
  /**
   * Takes no more runs. `drainMs`: so long it waits for the steps in flight to end and to be journaled; no new ones begin. What is
   * unfinished goes on elsewhere.
   */
  stop(options?: { drainMs?: number }): Promise<void>;
  /** The same `id` twice is one run (create-or-adopt). */
  submit(pipeline: string, input: unknown, options?: Placing & { id?: string }): Promise<string>;
  get(runId: string): Promise<Run | undefined>;
  steps(runId: string): Promise<RunStep[]>;
  /** Newest first. Children of a fan-out only when asked for by their `parent`. */
  list(filter?: RunFilter): Promise<Run[]>;
  /** Resolves when the run is over; throws MillwrightError when it failed or was cancelled. */
  wait<T>(runId: string, onChange?: (run: Run) => void): Promise<T>;
  signal(runId: string, topic: string, payload: Json): Promise<void>;
  /** Its children (fan-out) too. */
  cancel(runId: string): Promise<void>;
  /** True when some process with `work: true` (that takes from this queue) has a fresh heartbeat. */
  hasWorker(queue?: string): Promise<boolean>;
  /** Such processes. */
  workers(): Promise<readonly Worker[]>;
  /** What waits and runs, children of fan-outs included, in one statement. */
  load(): Promise<Load>;
}
