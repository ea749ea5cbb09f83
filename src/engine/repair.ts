import type { Sql } from "../storage/sql/sql.ts";
import { APPLICATION, JOURNAL_SCHEMA, type JournalClient, VERSION } from "./journal.ts";
import type { RunFailure, RunStore } from "./runs.ts";
import { queueAgain } from "./submit.ts";

/** Journals of finished runs are kept this long; the rows of the runs themselves stay. */
const KEEP_JOURNAL = "7 days";

const PRUNE_EVERY_MS = 3_600_000;

interface Astray {
  readonly id: string;
  readonly queue: string;
  readonly priority: number;
  readonly share: string;
  readonly status: string | null;
}

/** Ids of the processes that the journal names as executing a run. */
export async function runOwners(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ executor_id: string }>(
    `select distinct executor_id from ${JOURNAL_SCHEMA}.workflow_status
     where status = 'PENDING' and application_name = $1 and application_version = $2`,
    [APPLICATION, VERSION],
  );
  return rows.map((row) => row.executor_id);
}

/**
 * The journal ends runs in transactions of its own; a process that died in between left the rows apart from it. This brings them
 * together again: workflows that ended without telling are told of, rows without a workflow are queued. Children of a run that is over
 * are cancelled. Once an hour it also forgets old journals.
 */
export function repairRuns(runs: RunStore, journal: JournalClient): (tx: Sql) => Promise<void> {
  let prunedAt = 0;
  return async (tx) => {
    const astray = await tx.query<Astray>(
      `select r.id, r.queue, r.priority, r.share, w.status from millwright.run r
       left join ${JOURNAL_SCHEMA}.workflow_status w on w.workflow_uuid = r.id
       where r.state in ('queued', 'running', 'waiting') and r.created_at < now() - interval '3 seconds'
         and (w.status is null or w.status in ('ERROR', 'CANCELLED', 'SUCCESS', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'))
       limit 200`,
    );
    await queueAgain(
      tx,
      astray.filter(({ status }) => status === null).map(({ id, ...placed }) => ({ id, placed })),
    );
    for (const { id, status } of astray) {
      if (status === null) continue;
      if (status === "CANCELLED") await runs.cancelled([id]);
      else await runs.finish({ id, state: "failed", ...lost(status) });
    }
    const orphans = await runs.orphans(tx);
    if (orphans.length > 0) await cancelRuns({ runs, journal }, orphans);
    if (Date.now() - prunedAt < PRUNE_EVERY_MS) return;
    prunedAt = Date.now();
    const old = await tx.query<{ id: string }>(
      `select r.id from millwright.run r join ${JOURNAL_SCHEMA}.workflow_status w on w.workflow_uuid = r.id
       where r.finished_at < now() - $1::interval limit 1000`,
      [KEEP_JOURNAL],
    );
    if (old.length > 0) await journal.forget(old.map((row) => row.id));
  };
}

/** With all that they have started and that is not over. */
export async function cancelRuns(
  { runs, journal }: { runs: RunStore; journal: JournalClient },
  ids: readonly string[],
): Promise<void> {
  for (let level = [...ids]; level.length > 0; level = await runs.openChildren(level)) {
    await journal.cancel(level);
    // From here on none of them gets further children (submit.ts).
    await runs.cancelled(level);
  }
}

const lost = (status: string): RunFailure => ({
  code: "internal",
  message: `The run ended without a recorded reason (journal: ${status}). See the worker's log.`,
});
