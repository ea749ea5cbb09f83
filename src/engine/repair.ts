import type { Sql } from "../storage/sql/sql.ts";
import { APPLICATION, JOURNAL_SCHEMA, type JournalClient, VERSION } from "./journal.ts";
import type { RunFailure, RunStore } from "./runs.ts";

/** Journals of finished runs are kept this long; the rows of the runs themselves stay. */
const KEEP_JOURNAL = "7 days";

const PRUNE_EVERY_MS = 3_600_000;

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
 * `run` rows and the journal are written one after the other; a process that died in between left them apart. This brings
 * them together again: rows without a queued workflow are queued, workflows that ended without telling are told of. Once an
 * hour it also forgets old journals.
 */
export function repairRuns(runs: RunStore, journal: JournalClient): (tx: Sql) => Promise<void> {
  let prunedAt = 0;
  return async (tx) => {
    const astray = await tx.query<{ id: string; status: string | null }>(
      `select r.id, w.status from millwright.run r
       left join ${JOURNAL_SCHEMA}.workflow_status w on w.workflow_uuid = r.id
       where r.state in ('queued', 'running', 'waiting') and r.created_at < now() - interval '3 seconds'
         and (w.status is null or w.status in ('ERROR', 'CANCELLED', 'SUCCESS', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'))
       limit 200`,
    );
    for (const { id, status } of astray) {
      if (status === null) await journal.enqueue(id);
      else if (status === "CANCELLED") await runs.finish(id, { state: "cancelled" });
      else await runs.finish(id, { state: "failed", failure: lost(status) });
    }
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

const lost = (status: string): RunFailure => ({
  code: "internal",
  message: `The run ended without a recorded reason (journal: ${status}). See the worker's log.`,
});
