import type { Digest } from "../lib/digest.ts";
import type { StepContext } from "./engine.ts";
import type { PlaceOptions, RemoteWork } from "./remote/place.ts";

/** Work of a step that runs elsewhere and survives us: see `remote/place.ts` for where. */
export interface Jobs {
  /** Keeps a file for jobs, until the run that asked for them is over. */
  keep(content: string | { readonly path: string }): Promise<{ digest: Digest; bytes: number }>;
  /** Writes down what is to be run, in the step that made its files: from then on they are kept. The same run and step: once. */
  prepare(request: JobRequest): Promise<void>;
  /**
   * Runs what was prepared to its end: asks for the job or adopts what an earlier process asked for (one job for a run and step,
   * however often we die), and shows its log. A program that fails is a value; throws `unavailable` when the place does not answer
   * for long, `cancelled`. For a step that `waits`.
   */
  run(prepared: Pick<JobRequest, "run" | "step">, step: StepContext): Promise<JobEnd>;
  /** A file that a job left; undefined: it did not. Throws `invalid_model` when it is larger than `most` bytes. */
  read(end: JobDone, name: string, most: number): Promise<Uint8Array | undefined>;
}

export interface JobRequest {
  readonly run: string;
  readonly step: string;
  readonly place: PlaceOptions;
  readonly work: RemoteWork;
}

/** Plain data: a step's result. */
export type JobEnd = JobDone | { readonly failed: string };

export interface JobDone {
  readonly results: Readonly<Record<string, { readonly digest: Digest; readonly bytes: number }>>;
}

/**
 * What a job on another machine asks of us, each time with a token of its own: good for that job alone, until it is over or its time is.
 * Throws `unauthorized` or `forbidden` otherwise.
 */
export interface JobDesk {
  work(id: string, token: string): Promise<RemoteWork>;
  /** The program that runs it there. */
  runner(id: string, token: string): Promise<string>;
  /** Throws `not_found` for a name that is not among its files. */
  file(
    id: string,
    token: string,
    name: string,
  ): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }>;
  /** Keeps what it made, at most 1 GiB each. What does not have the digest that was said is not kept. */
  receive(
    id: string,
    token: string,
    result: {
      readonly name: string;
      readonly digest: string | undefined;
      readonly content: AsyncIterable<Uint8Array>;
    },
  ): Promise<{ readonly digest: Digest; readonly bytes: number }>;
}
