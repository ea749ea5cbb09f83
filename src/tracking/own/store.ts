import type { Sql } from "../../storage/sql/sql.ts";
import type { TrackedKeys } from "../keys/store.ts";
import { RUN_NAME_TAG, type RunStatus } from "../runs/tracked-run.ts";
import { PARENT_TAG } from "./run-record.ts";

interface NewOwnRun {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly startTime: number;
}

interface EndedRun {
  readonly id: string;
  readonly status: RunStatus;
  readonly at: number;
}

/** What is asked of the records of our own runs besides what every run can be asked. */
export interface OwnRunStore {
  /**
   * Those of the runs that are not there yet, in one statement, running and with no tags but their names. Nothing happens where
   * there is no such experiment, or it is deleted.
   */
  createMany(experiment: string, runs: readonly NewOwnRun[]): Promise<void>;
  /** Those that are there and not deleted. */
  active(ids: readonly string[]): Promise<string[]>;
  /** Sets how and when runs ended, whatever they said before; deleted ones stay as they are. */
  endMany(ends: readonly EndedRun[]): Promise<void>;
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

export function ownRunStore(sql: Sql, keys: TrackedKeys): OwnRunStore {
  return {
    async createMany(experiment, runs) {
      const nameTag = (await keys.numbers([RUN_NAME_TAG])).get(RUN_NAME_TAG)!;
      await sql.query(
        `with experiment as materialized (
           select id, artifact_location from millwright.experiment
           where id = $1 and lifecycle_stage = 'active' for share
         ), r as (
           insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, artifact_uri)
           select g.id, e.id, g.name, g.user_id, 'RUNNING', g.start_time, rtrim(e.artifact_location, '/') || '/' || g.id || '/artifacts'
           from experiment e, unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) g (id, name, user_id, start_time)
           order by g.id on conflict (id) do nothing returning seq, name
         )
         insert into millwright.run_tag (run, key, value) select seq, $6, name from r`,
        [
          ...[experiment, runs.map(({ id }) => id), runs.map(({ name }) => name)],
          ...[runs.map(({ user }) => user), runs.map(({ startTime }) => startTime), nameTag],
        ],
      );
    },
    async active(ids) {
      const rows = await sql.query<{ id: string }>(
        "select id from millwright.tracked_run where id = any($1::text[]) and lifecycle_stage = 'active'",
        [ids],
      );
      return rows.map(({ id }) => id);
    },
    async endMany(ends) {
      await sql.query(
        `update millwright.tracked_run r set status = e.status, end_time = e.at
         from unnest($1::text[], $2::text[], $3::bigint[]) e (id, status, at)
         where r.id = e.id and r.lifecycle_stage = 'active'`,
        [ends.map(({ id }) => id), ends.map(({ status }) => status), ends.map(({ at }) => at)],
      );
    },
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
