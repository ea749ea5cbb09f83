import type { Resources } from "./engine.ts";

/** What a queue allows, beside what each worker has. */
export interface QueueLimits {
  /** Runs at once, of all workers together. Those that wait (for children, a person, time) do not count. */
  readonly concurrency?: number;
  /** Runs at once in one worker. */
  readonly perWorker?: number;
  /** Starts within a period. */
  readonly rate?: { readonly starts: number; readonly periodMs: number };
}

/** A queued run, as the claim reads it: in the order in which runs should start. */
export interface Candidate {
  readonly id: string;
  readonly queue: string;
  readonly needs: Resources;
}

/** What this worker could take on now. */
export interface Room {
  readonly places: number;
  readonly free: Resources;
  /** Of each queue, how many more: the least of its limits. undefined: no limit. */
  left(queue: string): number | undefined;
}

/**
 * The first ones that fit. A run that asks for more than is free now is passed by smaller ones; it starts when enough is free, so
 * give runs that ask for much a queue and a worker of their own.
 */
export function chooseRuns(candidates: readonly Candidate[], room: Room): Candidate[] {
  const chosen: Candidate[] = [];
  const taken = new Map<string, number>();
  let { cpu, memory, gpu } = room.free;
  for (const run of candidates) {
    if (chosen.length >= room.places) break;
    const { queue, needs } = run;
    const before = taken.get(queue) ?? 0;
    if (before >= (room.left(queue) ?? Number.POSITIVE_INFINITY)) continue;
    if (needs.cpu > cpu || needs.memory > memory || needs.gpu > gpu) continue;
    cpu -= needs.cpu;
    memory -= needs.memory;
    gpu -= needs.gpu;
    taken.set(queue, before + 1);
    chosen.push(run);
  }
  return chosen;
}
