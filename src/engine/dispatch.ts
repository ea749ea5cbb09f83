import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../lib/log.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { Candidate, QueueLimits } from "./choose-runs.ts";
import { type Claimed, type ClaimedRun, claimRuns, putBack, queuesInUse } from "./claim.ts";
import type { Resources } from "./engine.ts";

/** Between two claims that found something; lets ends that come close together share one. */
const BUSY_PAUSE_MS = 15;
const FIRST_IDLE_MS = 50;
/** How long a run may wait for a worker that has nothing to do. */
const LAST_IDLE_MS = 200;
const REREAD_MS = 30_000;

interface Held extends Candidate {
  parked: boolean;
}

/**
 * What this process executes, and the loop that takes more while it has room. A parked run (it waits) holds its memory of the database
 * only: no place, no resources, and it comes back without asking, so for a moment there may be more than places.
 */
export function dispatcher(deps: {
  readonly sql: Sql;
  readonly log: Log;
  readonly executorId: string;
  /** undefined: from every queue. */
  readonly queues: readonly string[] | undefined;
  readonly places: number;
  readonly has: Resources;
  readonly limits: () => Promise<Readonly<Record<string, QueueLimits>>>;
  /** Begins to execute claimed runs; returns those it could not. */
  readonly begin: (runs: readonly ClaimedRun[], token: string) => Promise<readonly string[]>;
}) {
  const { sql, log, places, has } = deps;
  const held = new Map<string, Held>();
  const cursors = new Map<string, string>();
  const served = new Map<string, true>();
  const over = new AbortController();
  let limits: Readonly<Record<string, QueueLimits>> = {};
  let limitsAt = Number.NEGATIVE_INFINITY;
  let nudge = new AbortController();

  const working = (): Held[] => [...held.values()].filter(({ parked }) => !parked);
  const free = (): Resources =>
    working().reduce(
      (left, { needs }) => ({
        cpu: left.cpu - needs.cpu,
        memory: left.memory - needs.memory,
        gpu: left.gpu - needs.gpu,
      }),
      has,
    );

  const reread = async (): Promise<void> => {
    const now = Date.now();
    if (now - limitsAt > REREAD_MS) {
      limitsAt = now;
      limits = await deps.limits().catch((error: Error) => {
        log.warn(`limits of the queues stay as they were: ${error.message}`);
        return limits;
      });
    }
  };

  const turn = async (): Promise<Claimed> => {
    const room = places - working().length;
    if (room <= 0) return [];
    await reread();
    // Most looks find nothing; this one statement is all that an idle worker costs.
    const used = await queuesInUse(sql);
    const queues = deps.queues?.filter((queue) => used.includes(queue)) ?? used;
    if (queues.length === 0) return [];
    const token = randomUUID();
    const claimed = await claimRuns(sql, {
      ...{
        queues,
        inOrder: deps.queues !== undefined,
        executorId: deps.executorId,
        token,
        places: room,
        has,
        free: free(),
      },
      ...{ cursors, served },
      running: (queue) => working().filter((run) => run.queue === queue).length,
      limits: (queue) => limits[queue],
    });
    if (claimed === "taken" || claimed.length === 0) return claimed;
    for (const { id, queue, needs } of claimed) held.set(id, { id, queue, needs, parked: false });
    const failed = await deps.begin(claimed, token);
    for (const id of failed) held.delete(id);
    if (failed.length > 0) await putBack(sql, failed, token);
    return claimed;
  };

  const loop = async (): Promise<void> => {
    let idle = FIRST_IDLE_MS;
    let said = "";
    while (!over.signal.aborted) {
      const claimed = await turn().catch((error: Error) => {
        if (error.message !== said) log.warn(`no runs could be taken: ${error.message}`);
        said = error.message;
        return [];
      });
      idle =
        claimed === "taken"
          ? idle
          : claimed.length > 0
            ? FIRST_IDLE_MS
            : Math.min(idle * 1.4, LAST_IDLE_MS);
      const quick = claimed === "taken" || claimed.length > 0;
      await sleep(BUSY_PAUSE_MS * (0.5 + Math.random()), undefined, { signal: over.signal }).catch(
        () => {},
      );
      if (quick) continue;
      nudge = new AbortController();
      const signal = AbortSignal.any([nudge.signal, over.signal]);
      await sleep(idle, undefined, { signal }).catch(() => {});
    }
  };
  const looping = loop();

  return {
    /** Runs that take a place now. */
    busy: () => working().length,
    isParked: (id: string): boolean => held.get(id)?.parked ?? false,
    park(id: string, parked: boolean): void {
      const run = held.get(id);
      if (!run || run.parked === parked) return;
      run.parked = parked;
      if (parked) nudge.abort();
    },
    /** The run is over, or goes on elsewhere. */
    ended(id: string): void {
      held.delete(id);
      nudge.abort();
    },
    /** Takes nothing more. */
    async stop(): Promise<void> {
      over.abort();
      await looping;
    },
  };
}
