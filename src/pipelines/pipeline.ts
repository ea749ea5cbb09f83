import type { FanOutResult } from "../engine/engine.ts";
import type { Abort } from "../lib/abort.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { PipelineSchedule } from "./pipeline-schedule.ts";
import type { PlacingDefinition } from "./project.ts";
import type { RemoteRun } from "./remote-run.ts";
import type { ImportWork, PredictWork, ScoreWork, TrainWork, WorkResult } from "./works.ts";

/** What `pipeline("…", …)` makes, and a project declares under `pipelines`. */
export interface PipelineDefinition {
  readonly pipeline: string;
  readonly body: (run: never) => unknown;
  readonly options: PipelineOptions;
}

export interface PipelineOptions extends PlacingDefinition {
  /** "day", "6h", "0 4 * * 1", or { every: "day", at: "02:00" }; UTC. */
  readonly schedule?: string | PipelineSchedule;
  /** Their names and defaults; others are then refused. */
  readonly params?: Readonly<Record<string, Json>>;
}

/**
 * A person's pipeline: a body of steps. What a finished step gave back is kept; after a crash the body runs again from the top and gets
 * it from there. So everything that takes time, reads a clock or changes something belongs into a step.
 */
export interface PipelineRun<P = Readonly<Record<string, Json>>> {
  readonly id: string;
  readonly params: P;
  /** When the run was made, ms since 1970: the same after a restart. */
  readonly startedAt: number;
  /** That of the last run before it that succeeded; null: there is none. */
  readonly lastSuccess: number | null;
  /** The project's, absolute. */
  readonly folder: string;
  /** A line in the worker's log. */
  log(message: string): void;

  /** What the function gives back must be JSON, up to 1 MiB. Names are unique within a run. */
  step<I, O>(
    name: string,
    work: (input: I, tools: StepTools) => O | Promise<O>,
    input: I,
    options?: StepOptions,
  ): Promise<O>;
  step<O>(name: string, work: () => O | Promise<O>): Promise<O>;
  /** A program elsewhere. */
  step(
    name: string,
    work: ProgramStep,
    options?: Pick<StepOptions, "cache">,
  ): Promise<ProgramResult>;
  /** train(…), score(…), predict(…), importModel(…). */
  step<W extends TrainWork | ScoreWork | PredictWork | ImportWork>(
    name: string,
    work: W,
  ): Promise<WorkResult<W>>;

  /** A step for each input, "<name> 1" …; at most `atOnce` (4) at a time, up to 1,000. The first that fails ends it. */
  all<I, O>(
    name: string,
    work: (input: I, tools: StepTools) => O | Promise<O>,
    inputs: readonly I[],
    options?: StepOptions & { readonly atOnce?: number },
  ): Promise<O[]>;
  /** A run of another pipeline of the project for each of these params, on any worker, up to 10,000. A run that fails is a value. */
  fanOut<T = Json>(
    name: string,
    pipeline: PipelineDefinition,
    params: readonly Readonly<Record<string, Json>>[],
  ): Promise<readonly FanOutResult<T>[]>;
  /** Durably, also for weeks: "30s", "12h", "3d". */
  sleep(name: string, time: string): Promise<void>;
  /** What `millwright signal <run> <topic>` sent; undefined: nothing came in time. */
  waitFor<T = Json>(topic: string, time: string): Promise<T | undefined>;
}

/** An AbortSignal, where the types of the host know it. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : Abort;

/** What the function of a step gets beside its input. */
export interface StepTools {
  /** Aborts when the run is cancelled, the step's time is over, or its process leaves. */
  readonly signal: Signal;
  /** 1 the first time. */
  readonly attempt: number;
  /** The project's, absolute: the working folder may be another one. */
  readonly folder: string;
  /** @param fraction 0 to 1 */
  progress(message: string, fraction?: number): void;
  log(message: string): void;
}

export interface StepOptions {
  /** How often it is tried again when it throws; 2 when left out. */
  readonly retries?: number;
  /** Before the first of them, doubled each time; "500ms" when left out. */
  readonly backoff?: string;
  /** Of one attempt; none when left out. */
  readonly timeout?: string;
  /**
   * An earlier result answers: of the same code, pipeline, step, input and params; of at most this age ("7d"), or any (true: up to 90
   * days). false when left out.
   */
  readonly cache?: boolean | string;
}

/** A step that is a program: `{ run: process({ command: ["python", "report.py"] }) }`. */
export interface ProgramStep {
  readonly run: RemoteRun;
  /** A list for pip; `python` then is that of an environment made of it. */
  readonly requirements?: string;
  readonly python?: string;
  /** Further files of the project that go with it. */
  readonly files?: readonly string[];
  /** In the JSON file that MILLWRIGHT_TASK names. */
  readonly params?: Readonly<Record<string, Json>>;
  /** Of the program; "1h" when left out. */
  readonly timeout?: string;
}

/** A file that a program left, kept among the blobs. */
export interface KeptFile {
  readonly digest: Digest;
  readonly bytes: number;
}

export interface ProgramResult {
  /** "model.onnx", where it left one. */
  readonly files: Readonly<Record<string, KeptFile>>;
  /** Numbers by name, of the JSON that it wrote to MILLWRIGHT_METRICS. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** The run whose result this is, when an earlier one answered. */
  readonly cached?: string;
}

/** A pipeline for the field `pipelines` of a project; the name is the field's. */
export const pipeline = <P extends Readonly<Record<string, Json>> = Readonly<Record<string, Json>>>(
  name: string,
  body: (run: PipelineRun<P>) => unknown,
  options: PipelineOptions & { readonly params?: P } = {},
): PipelineDefinition => ({ pipeline: name, body, options });
