import type { Log } from "../lib/log.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { Resources } from "./engine.ts";
import { hostIdentity, processStart } from "./host.ts";

const BEAT_MS = 2_000;
const LOOK_MS = 1_000;
/** Without a heartbeat for this long a process counts as dead. Event loops must not be blocked that long. */
export const DEAD_MS = 8_000;
/** One process looks after the dead at a time. */
const REAPER_LOCK = 6_245_990_002;

interface ExecutorRow {
  id: string;
  host: string;
  pid: number;
  process_start: string;
  stale: boolean;
}

/**
 * Who is alive. Each working process beats every 2 s under an id of its own; every working process also looks each second, one
 * of them at a time, for processes that died: gone from this host (noticed at once), or silent for 8 s (anywhere).
 * DBOS itself has this only in its commercial part. A process wrongly taken for dead (stopped, swapped out) is fenced off by
 * DBOS: it can record nothing more; the step it was in may take effect twice.
 */
export function joinFleet(deps: {
  sql: Sql;
  log: Log;
  id: string;
  /** Said with each beat. */
  about: () => {
    readonly queues: readonly string[] | undefined;
    readonly places: number;
    readonly busy: number;
    readonly has: Resources;
    readonly draining: boolean;
  };
  /** Ids of the processes that have unfinished runs. One without a row has left. */
  owners: (sql: Sql) => Promise<string[]>;
  /** Hands the runs of dead processes back to the queue; called under the reaper's lock, with their ids. */
  recover: (deadIds: readonly string[]) => Promise<void>;
  /** Called with each look, under the reaper's lock: other repairs that one process at a time should do. */
  repair: (sql: Sql) => Promise<void>;
}) {
  const { sql, log, id } = deps;
  const host = hostIdentity();
  let over = false;
  /** After an outage nobody has a fresh beat: wait until everybody had the time to beat again. */
  let trustSilenceFrom = Date.now() + DEAD_MS;
  let looking: Promise<void> = Promise.resolve();
  let beating: Promise<void> = Promise.resolve();

  const beat = async (): Promise<void> => {
    const { queues, places, busy, has, draining } = deps.about();
    await sql.query(
      `insert into millwright.executor
         (id, host, pid, process_start, work, queues, places, busy, cpu, memory, gpu, draining)
       values ($1, $2, $3, $4, true, $5, $6, $7, $8, $9, $10, $11)
       on conflict (id) do update set beat_at = now(), busy = excluded.busy, draining = excluded.draining`,
      [
        ...[id, host, process.pid, processStart(process.pid) ?? "", queues ?? null],
        ...[places, busy, has.cpu, has.memory, has.gpu, draining],
      ],
    );
  };
  const distrust = (error: Error): void => {
    trustSilenceFrom = Date.now() + DEAD_MS;
    log.debug("heartbeat or look failed", { why: error.message });
  };

  const isDead = (row: ExecutorRow): boolean => {
    if (row.id === id) return false;
    if (row.host === host) {
      const started = processStart(row.pid);
      if (started === undefined || (started !== "" && started !== row.process_start)) return true;
    }
    return row.stale && Date.now() > trustSilenceFrom;
  };

  const look = async (): Promise<void> => {
    await sql.transact(async (tx) => {
      const [lock] = await tx.query<{ ok: boolean }>("select pg_try_advisory_xact_lock($1) as ok", [
        REAPER_LOCK,
      ]);
      if (!lock?.ok) return;
      const rows = await tx.query<ExecutorRow>(
        `select id, host, pid, process_start, beat_at < now() - $1 * interval '1 millisecond' as stale
         from millwright.executor`,
        [DEAD_MS],
      );
      const dead = rows.filter(isDead).map((row) => row.id);
      const left = await deps.owners(tx);
      const gone = [...dead, ...left.filter((owner) => !rows.some((row) => row.id === owner))];
      if (gone.length > 0) {
        log.warn("runs of workers that are gone are taken over", { workers: gone });
        await deps.recover(gone);
        await tx.query("delete from millwright.executor where id = any($1)", [dead]);
      }
      await deps.repair(tx);
    });
  };

  const beats = setInterval(() => {
    beating = beat().catch(distrust);
  }, BEAT_MS);
  let busy = false;
  const looks = setInterval(() => {
    if (busy || over) return;
    busy = true;
    looking = look()
      .catch(distrust)
      .finally(() => {
        busy = false;
      });
  }, LOOK_MS);
  beats.unref();
  looks.unref();

  return {
    /** After this the process counts as alive; before it must not take runs. */
    started: beat(),
    /** Once more, now: what it says of itself has changed. */
    beat,
    /** Stops beating and looking. The row stays: nobody takes the runs over before `leave` (or 8 s). */
    async rest(): Promise<void> {
      over = true;
      clearInterval(beats);
      clearInterval(looks);
      await looking;
      await beating;
    },
    /** When nothing of this process can reach the journal any more: others may have its runs at once. */
    async leave(): Promise<void> {
      await sql.query("delete from millwright.executor where id = $1", [id]);
    },
  };
}

/** Whether somebody executes runs (of this queue). */
export async function workerAlive(sql: Sql, queue?: string): Promise<boolean> {
  const [row] = await sql.query<{ alive: boolean }>(
    `select exists(select from millwright.executor
       where work and not draining and beat_at > now() - $1 * interval '1 millisecond'
         and ($2::text is null or queues is null or $2 = any(queues))) as alive`,
    [DEAD_MS, queue ?? null],
  );
  return row?.alive ?? false;
}
