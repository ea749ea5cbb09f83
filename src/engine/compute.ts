import type { Abort } from "../lib/abort.ts";

/**
 * Runs named, CPU-burning tasks off the event loop, in worker threads that load `dist/compute.js`. The engine knows no task by
 * heart: `src/compute.ts` is the list. Inputs and results are JSON; large data goes through blobs.
 */
export interface Compute {
  run<T>(
    task: string,
    input: unknown,
    /** A pipeline's StepContext fits. */
    options?: { signal?: Abort; progress?: (message: string, fraction?: number) => void },
  ): Promise<T>;
  close(): Promise<void>;
}

/** What a task gets inside its thread. */
export interface ComputeContext {
  /** True soon after the caller's signal aborted; long loops look now and then and throw `cancelled`. */
  readonly signal: Abort;
  progress(message: string, fraction?: number): void;
  readonly openTeam: OpenTeam;
}

/**
 * N threads that execute the same numbered operations over shared memory, for one fit (data- or feature-parallel,
 * deterministic). `broadcast(op)` runs `op` on every member, the caller (member 0) included, and returns when all are done.
 * Blocks with Atomics.wait: only inside compute threads.
 */
export interface Team {
  readonly size: number;
  broadcast(op: number): void;
  close(): void;
}

/** `member` names an entry of `TEAM_MEMBERS` in src/compute.ts; `init` must be cloneable (SharedArrayBuffers and WebAssembly memories are shared). */
export type OpenTeam = (member: string, size: number, init: unknown) => Team;

/** What each thread of a team builds from `init`: the function that executes operation `op` for its share of the work. */
export type TeamMember = (init: never, index: number, size: number) => (op: number) => void;
