import type { Sql } from "../../storage/sql/sql.ts";
import type { RunStatus } from "../runs/tracked-run.ts";
import { PARENT_TAG } from "./run-record.ts";

/** What is asked of the records of our own runs besides what every run can be asked. */
export interface OwnRunStore {
  setFingerprint(id: string, fingerprint: string): Promise<void>;
  /** Finished runs of this fingerprint, newest first, at most 20. */
  same(fingerprint: string): Promise<string[]>;
  /**
   * Records that say RUNNING and are not deleted, and the pipeline's run that each belongs to (itself, or its parent); at most
   * 1,000.
   */
  open(): Promise<{ readonly id: string; readonly root: string }[]>;
  /** false = it was closed or deleted already, and stays as it is. */
  close(id: string, status: RunStatus, at: number | undefined): Promise<boolean>;
}

export function ownRunStore(sql: Sql): OwnRunStore {
  return {
    async setFingerprint(id, fingerprint) {
      await sql.query("update millwright.tracked_run set fingerprint = $2 where id = $1", [
        id,
        fingerprint,
      ]);
    },
    async same(fingerprint) {
      const rows = await sql.query<{ id: string }>(
        `select id from millwright.tracked_run
         where fingerprint = $1 and status = 'FINISHED' and lifecycle_stage = 'active'
         order by start_time desc limit 20`,
        [fingerprint],
      );
      return rows.map(({ id }) => id);
    },
    async open() {
      return sql.query<{ id: string; root: string }>(
        `select r.id, coalesce(
           (select t.value from millwright.run_tag t join millwright.tracked_key k on k.id = t.key
            where t.run = r.seq and k.name = $1), r.id) as root
         from millwright.tracked_run r
         where r.status = 'RUNNING' and starts_with(r.id, 'run_') and r.lifecycle_stage = 'active' limit 1000`,
        [PARENT_TAG],
      );
    },
    async close(id, status, at) {
      const rows = await sql.query(
        `update millwright.tracked_run set status = $2, end_time = coalesce($3, end_time)
         where id = $1 and status = 'RUNNING' and lifecycle_stage = 'active' returning seq`,
        [id, status, at ?? null],
      );
      return rows.length > 0;
    },
  };
}
