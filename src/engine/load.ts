import type { Sql } from "../storage/sql/sql.ts";
import type { Load, Worker } from "./engine.ts";
import { DEAD_MS } from "./fleet.ts";

/** What waits and runs. Partial indexes hold it: the rows that are over are not read, except the failed ones of a day. */
export async function loadOf(sql: Sql): Promise<Load> {
  const rows = await sql.query<Load["runs"][number] & { oldest: number }>(
    `select queue, pipeline, state, count(*) as count, min(created_at) as oldest from millwright.run
     where state in ('queued', 'running', 'waiting') group by 1, 2, 3
     union all
     select queue, pipeline, state, count(*), min(created_at) from millwright.run
     where state = 'failed' and created_at > now() - interval '8 days' and finished_at > now() - interval '1 day'
     group by 1, 2, 3`,
  );
  const oldestQueued: Record<string, number> = {};
  for (const { queue, state, oldest } of rows)
    if (state === "queued") oldestQueued[queue] = Math.min(oldestQueued[queue] ?? oldest, oldest);
  return {
    runs: rows.map(({ queue, pipeline, state, count }) => ({ queue, pipeline, state, count })),
    oldestQueued,
  };
}

/** Processes that execute runs and have beaten lately. */
export async function workersOf(sql: Sql): Promise<Worker[]> {
  const rows = await sql.query<Omit<Worker, "queues" | "has"> & WorkerRow>(
    `select id, host, pid, queues, places, busy, cpu, memory, gpu, draining, started_at as "startedAt"
     from millwright.executor where work and beat_at > now() - $1 * interval '1 millisecond' order by started_at, id`,
    [DEAD_MS],
  );
  return rows.map(({ queues, cpu, memory, gpu, ...row }) => ({
    ...row,
    queues: queues ?? undefined,
    has: { cpu, memory, gpu },
  }));
}

interface WorkerRow {
  queues: string[] | null;
  cpu: number;
  memory: number;
  gpu: number;
}
