import type { Sql } from "../../storage/sql/sql.ts";
import type { LifecycleStage } from "../experiments/experiment.ts";
import type { TrackedKeys } from "../keys/store.ts";
import { CONTENTS, type ContentsRow, contentsOf, keysOf } from "./contents-row.ts";
import type { RunContents, RunStatus, TrackedRun } from "./tracked-run.ts";

export interface TrackedRunStore {
  get(id: string): Promise<TrackedRun | undefined>;
  /** Latest metrics, params, tags, inputs and outputs of many runs, by `seq`, in one statement. Runs that are not there are left out. */
  data(seqs: readonly number[]): Promise<ReadonlyMap<number, RunContents>>;
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
  return {
    async get(id) {
      const rows = await sql.query<RunRow>(
        `select ${RUN_COLUMNS} from millwright.tracked_run r where r.id = $1`,
        [id],
      );
      return rows[0] && runOfRow(rows[0]);
    },
    async data(seqs) {
      const rows = await sql.query<ContentsRow & { seq: number }>(
        `select r.seq, ${CONTENTS} from unnest($1::bigint[]) r (seq)`,
        [seqs],
      );
      const names = await keys.names(keysOf(rows));
      return new Map(rows.map((row) => [row.seq, contentsOf(row, names)]));
    },
  };
}
