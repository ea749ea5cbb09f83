import type { Sql } from "../../storage/sql/sql.ts";
import type { LifecycleStage, Tag } from "../experiments/experiment.ts";
import type { TrackedKeys } from "../keys/store.ts";
import { CONTENTS, type ContentsRow, contentsOf, keysOf } from "./contents-row.ts";
import { RUN_NAME_TAG, type RunContents, type RunStatus, type TrackedRun } from "./tracked-run.ts";

export interface NewRun {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly userId: string;
  readonly startTime: number;
  /** Of a key twice the last counts. The name's tag is set in any case. */
  readonly tags: readonly Tag[];
}

export interface RunChange {
  readonly status: RunStatus | undefined;
  readonly endTime: number | undefined;
  /** The tag with it. */
  readonly name: string | undefined;
}

/** What a change of a run came to; "deleted" = it is, and was left as it is. */
export type ChangedRun = TrackedRun | "deleted" | undefined;

export interface TrackedRunStore {
  get(id: string): Promise<TrackedRun | undefined>;
  /** In no particular order; those that are not there are left out. */
  many(ids: readonly string[]): Promise<TrackedRun[]>;
  /** A run and all it shows. */
  whole(id: string): Promise<{ run: TrackedRun; contents: RunContents } | undefined>;
  /** undefined = no such experiment; "deleted" = the experiment is. */
  create(run: NewRun): Promise<ChangedRun>;
  update(id: string, change: RunChange): Promise<ChangedRun>;
  /** Nothing happens to one that is deleted, or restored, already. false = no such run. */
  delete(id: string, at: number): Promise<boolean>;
  restore(id: string): Promise<boolean>;
  deleteTag(id: string, key: string): Promise<"gone" | "no such tag" | "deleted" | undefined>;
  /**
   * Sets a tag to what `change` makes of its value (undefined = not set); of several such changes at a time none is lost.
   * `change` may throw; then nothing happens.
   */
  changeTag(
    id: string,
    key: string,
    change: (value: string | undefined) => string,
  ): Promise<"changed" | "deleted" | undefined>;
}

export interface RunRow {
  readonly seq: number;
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly user_id: string;
  readonly status: RunStatus;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly lifecycle_stage: LifecycleStage;
  readonly artifact_uri: string;
}

/** The columns of `RunRow`, of the table under the name `r`. */
export const RUN_COLUMNS =
  "r.seq, r.id, r.experiment::text as experiment, r.name, r.user_id, r.status, r.start_time, r.end_time, r.lifecycle_stage, r.artifact_uri";

export const runOfRow = (row: RunRow): TrackedRun => ({
  id: row.id,
  seq: row.seq,
  experiment: row.experiment,
  name: row.name,
  userId: row.user_id,
  status: row.status,
  startTime: row.start_time,
  endTime: row.end_time ?? undefined,
  lifecycleStage: row.lifecycle_stage,
  artifactUri: row.artifact_uri,
});

export function trackedRunStore(sql: Sql, keys: TrackedKeys): TrackedRunStore {
  const numberOf = async (name: string): Promise<number> => (await keys.numbers([name])).get(name)!;
  return {
    async get(id) {
      const rows = await sql.query<RunRow>(
        `select ${RUN_COLUMNS} from millwright.tracked_run r where r.id = $1`,
        [id],
      );
      return rows[0] && runOfRow(rows[0]);
    },
    async many(ids) {
      const rows = await sql.query<RunRow>(
        `select ${RUN_COLUMNS} from millwright.tracked_run r where r.id = any($1::text[])`,
        [ids],
      );
      return rows.map(runOfRow);
    },
    async whole(id) {
      const rows = await sql.query<RunRow & ContentsRow>(
        `select ${RUN_COLUMNS}, ${CONTENTS} from millwright.tracked_run r where r.id = $1`,
        [id],
        { prepare: true },
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      const names = await keys.names(keysOf(row));
      return { run: runOfRow(row), contents: contentsOf(row, names) };
    },
    async create(run) {
      const tags = new Map(run.tags.map(({ key, value }) => [key, value]));
      tags.set(RUN_NAME_TAG, run.name);
      const numbers = await keys.numbers(tags.keys());
      const rows = await sql.query<RunRow & { stage: LifecycleStage }>(
        `with experiment as materialized (
           select id, artifact_location, lifecycle_stage from millwright.experiment where id = $2 for share
         ), r as (
           insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, artifact_uri)
           select $1, id, $3, $4, 'RUNNING', $5, rtrim(artifact_location, '/') || '/' || $1 || '/artifacts'
           from experiment where lifecycle_stage = 'active' returning *
         ), tags as (
           insert into millwright.run_tag (run, key, value)
           select r.seq, t.key, t.value from r, unnest($6::integer[], $7::text[]) t (key, value)
         )
         select experiment.lifecycle_stage as stage, ${RUN_COLUMNS} from experiment left join r on true`,
        [
          ...[run.id, run.experiment, run.name, run.userId, run.startTime],
          [...tags.keys()].map((key) => numbers.get(key)!),
          [...tags.values()],
        ],
        { prepare: true },
      );
      return changed(rows);
    },
    async update(id, { status, endTime, name }) {
      const nameTag = await numberOf(RUN_NAME_TAG);
      const rows = await sql.query<RunRow & { stage: LifecycleStage }>(
        `with old as materialized (
           select seq, lifecycle_stage from millwright.tracked_run where id = $1 for no key update
         ), r as (
           update millwright.tracked_run r set
             status = coalesce($2, r.status), end_time = coalesce($3, r.end_time), name = coalesce($4, r.name)
           from old where r.seq = old.seq and old.lifecycle_stage = 'active' returning r.*
         ), tag as (
           insert into millwright.run_tag (run, key, value)
           select seq, $5, $4 from r where $4::text is not null
           on conflict (run, key) do update set value = excluded.value
         )
         select old.lifecycle_stage as stage, ${RUN_COLUMNS} from old left join r on true`,
        [id, status ?? null, endTime ?? null, name ?? null, nameTag],
        { prepare: true },
      );
      return changed(rows);
    },
    async delete(id, at) {
      const rows = await sql.query(
        `update millwright.tracked_run set lifecycle_stage = 'deleted', deleted_at = coalesce(deleted_at, $2)
         where id = $1 returning seq`,
        [id, at],
      );
      return rows.length > 0;
    },
    async restore(id) {
      const rows = await sql.query(
        `update millwright.tracked_run set lifecycle_stage = 'active', deleted_at = null
         where id = $1 returning seq`,
        [id],
      );
      return rows.length > 0;
    },
    async deleteTag(id, key) {
      const rows = await sql.query<{ stage: LifecycleStage; gone: boolean }>(
        `with r as materialized (
           select seq, lifecycle_stage from millwright.tracked_run where id = $1 for key share
         ), gone as (
           delete from millwright.run_tag t using r, millwright.tracked_key k
           where r.lifecycle_stage = 'active' and k.name = $2 and t.run = r.seq and t.key = k.id returning t.run
         )
         select lifecycle_stage as stage, exists (select from gone) as gone from r`,
        [id, key],
      );
      if (rows[0] === undefined) return undefined;
      if (rows[0].stage === "deleted") return "deleted";
      return rows[0].gone ? "gone" : "no such tag";
    },
    async changeTag(id, key, change) {
      const number = await numberOf(key);
      return sql.transact(async (tx) => {
        const [run] = await tx.query<{ seq: number; stage: LifecycleStage }>(
          "select seq, lifecycle_stage as stage from millwright.tracked_run where id = $1 for no key update",
          [id],
        );
        if (run === undefined) return undefined;
        if (run.stage === "deleted") return "deleted";
        // Only now: what was read before the lock may be old.
        const [tag] = await tx.query<{ value: string }>(
          "select value from millwright.run_tag where run = $1 and key = $2 for update",
          [run.seq, number],
        );
        await tx.query(
          `insert into millwright.run_tag (run, key, value) values ($1, $2, $3)
           on conflict (run, key) do update set value = excluded.value`,
          [run.seq, number, change(tag?.value)],
        );
        return "changed";
      });
    },
  };
}

function changed(rows: readonly (RunRow & { stage: LifecycleStage })[]): ChangedRun {
  if (rows[0] === undefined) return undefined;
  return rows[0].stage === "deleted" ? "deleted" : runOfRow(rows[0]);
}
