import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../lib/log.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { Candidate, QueueLimits } from "./choose-runs.ts";
import { type Claimed, type ClaimedRun, claimRuns, putBack, queuesInUse } from "./claim.ts";
import type { Resources } from "./engine.ts";

/** Between two claims that found something; lets ends that come close together share one. Not waited for when half of the places are free. */
const BUSY_PAUSE_MS = 15;
/** The pause is at least this many times what the last claim took: where claims are slow, they are larger. */
const PAUSE_PER_CLAIM = 2;
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
  let over = false;
  let limits: Readonly<Record<string, QueueLimits>> = {};
  let limitsAt = Number.NEGATIVE_INFINITY;
  /** Half of the places: while one half of the runs is claimed and begun, the other one works. */
  const many = Math.ceil(places / 2);
  /** Taken in the next claim; all there is room for, where others claim, too. */
  let most = many;
  let changed: (() => void) | undefined;

  const working = (): Held[] => [...held.values()].filter(({ parked }) => !parked);
  const unused = (): Resources =>
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

  const room = (): number => places - working().length;
  /** Until this many places are free, or so long. */
  const roomFor = async (wanted: number, ms?: number): Promise<void> => {
    if (room() >= wanted || over) return;
    await new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      changed = () => {
        if (room() < wanted && !over) return;
        clearTimeout(timer);
        resolve();
      };
    });
    changed = undefined;
  };

  const turn = async (): Promise<Claimed> => {
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
        places: Math.min(room(), most),
        has,
        free: unused(),
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
    let pause = BUSY_PAUSE_MS;
    let said = "";
    for (;;) {
      await roomFor(1);
      await roomFor(many, pause);
      if (over) return;
      const before = room();
      const began = performance.now();
      const claimed = await turn().catch((error: Error) => {
        if (error.message !== said) log.warn(`no runs could be taken: ${error.message}`);
        said = error.message;
        return [];
      });
      most = claimed === "taken" ? places : many;
      pause = Math.max(BUSY_PAUSE_MS, PAUSE_PER_CLAIM * (performance.now() - began));
      if (claimed.length === 0) {
        await roomFor(before + 1, idle);
        idle = Math.min(idle * 1.4, LAST_IDLE_MS);
      } else if (claimed !== "taken") idle = FIRST_IDLE_MS;
      if (claimed.length < Math.min(before, many) || claimed === "taken")
        await sleep(BUSY_PAUSE_MS * (0.5 + Math.random()));
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
      changed?.();
    },
    /** The run is over, or goes on elsewhere. */
    ended(id: string): void {
      held.delete(id);
      changed?.();
    },
    /** Takes nothing more. */
    async stop(): Promise<void> {
      over = true;
      changed?.();
      await looping;
    },
  };
}
