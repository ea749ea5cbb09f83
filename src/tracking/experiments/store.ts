import { MillwrightError } from "../../errors.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { Experiment, LifecycleStage, Tag } from "./experiment.ts";

export interface NewExperiment {
  readonly name: string;
  /** undefined = below the artifact root, under its id. */
  readonly artifactLocation: string | undefined;
  readonly tags: readonly Tag[];
  readonly at: number;
}

/** Ids are decimal integers as `experimentId` gives them. */
export interface ExperimentStore {
  get(id: string): Promise<Experiment | undefined>;
  /** Deleted ones, too. */
  byName(name: string): Promise<Experiment | undefined>;
  /** The new id, or undefined when there is one of this name, be it deleted. */
  create(experiment: NewExperiment): Promise<string | undefined>;
  /** Its active runs are deleted with it. false = there is no such active experiment. */
  delete(id: string, at: number): Promise<boolean>;
  /** And the runs that were deleted with it. false = there is no such deleted experiment. */
  restore(id: string, at: number): Promise<boolean>;
  /** Only an active one. */
  rename(id: string, name: string, at: number): Promise<"renamed" | "taken" | "none">;
  /** An equal key is overwritten. false = there is no such active experiment. */
  setTag(id: string, tag: Tag): Promise<boolean>;
  /** false = the experiment has no such tag. */
  deleteTag(id: string, key: string): Promise<boolean>;
  /** Makes sure that there is one with the id 0. */
  keepDefault(at: number): Promise<void>;
}

export interface ExperimentRow {
  readonly id: string;
  readonly name: string;
  readonly artifact_location: string;
  readonly lifecycle_stage: LifecycleStage;
  readonly created_at: number;
  readonly updated_at: number;
  readonly tags: readonly Tag[] | null;
}

/** The columns of `ExperimentRow`, of the table under the name `e`. */
export const EXPERIMENT_COLUMNS = `e.id::text as id, e.name, e.artifact_location, e.lifecycle_stage, e.created_at, e.updated_at,
  (select json_agg(json_build_object('key', t.key, 'value', t.value) order by t.key)
   from millwright.experiment_tag t where t.experiment = e.id) as tags`;

export const experimentOfRow = (row: ExperimentRow): Experiment => ({
  id: row.id,
  name: row.name,
  artifactLocation: row.artifact_location,
  lifecycleStage: row.lifecycle_stage,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  tags: row.tags ?? [],
});

/** @param artifactRoot a URI; slashes at its end do not count. */
export function experimentStore(sql: Sql, artifactRoot: string): ExperimentStore {
  const root = artifactRoot.replace(/\/+$/, "");
  const one = async (where: string, value: string): Promise<Experiment | undefined> => {
    const rows = await sql.query<ExperimentRow>(
      `select ${EXPERIMENT_COLUMNS} from millwright.experiment e where ${where} = $1`,
      [value],
    );
    return rows[0] && experimentOfRow(rows[0]);
  };
  return {
    get: (id) => one("e.id", id),
    byName: (name) => one("e.name", name),
    async create({ name, artifactLocation, tags, at }) {
      const last = [...new Map(tags.map(({ key, value }) => [key, value]))];
      const rows = await sql.query<{ id: string }>(
        `with next as materialized (
           select nextval(pg_get_serial_sequence('millwright.experiment', 'id')) as id
           where not exists (select from millwright.experiment where name = $1)
         ), made as (
           insert into millwright.experiment (id, name, artifact_location, created_at, updated_at)
           select id, $1, coalesce($2::text, $3 || '/' || id), $4, $4 from next
           on conflict (name) do nothing returning id
         ), tags as (
           insert into millwright.experiment_tag (experiment, key, value)
           select made.id, t.key, t.value from made, unnest($5::text[], $6::text[]) t (key, value)
         )
         select id::text as id from made`,
        [
          ...[name, artifactLocation ?? null, root, at],
          last.map(([key]) => key),
          last.map(([, value]) => value),
        ],
      );
      return rows[0]?.id;
    },
    delete: (id, at) =>
      sql.transact(async (tx) => {
        const rows = await tx.query(
          `update millwright.experiment set lifecycle_stage = 'deleted', updated_at = $2
           where id = $1 and lifecycle_stage = 'active' returning id`,
          [id, at],
        );
        // A statement of its own, which sees the runs that the first one had to wait for. The time ties them to this deletion: a
        // deleted experiment's `updated_at` does not change.
        if (rows.length > 0)
          await tx.query(
            `update millwright.tracked_run set lifecycle_stage = 'deleted', deleted_at = $2
             where experiment = $1 and lifecycle_stage = 'active'`,
            [id, at],
          );
        return rows.length > 0;
      }),
    async restore(id, at) {
      const rows = await sql.query(
        `with old as (
           select id, updated_at from millwright.experiment
           where id = $1 and lifecycle_stage = 'deleted' for no key update
         ), back as (
           update millwright.experiment e set lifecycle_stage = 'active', updated_at = $2
           from old where e.id = old.id returning e.id
         ), runs as (
           update millwright.tracked_run r set lifecycle_stage = 'active', deleted_at = null
           from old where r.experiment = old.id and r.lifecycle_stage = 'deleted' and r.deleted_at = old.updated_at
         )
         select id from back`,
        [id, at],
      );
      return rows.length > 0;
    },
    async rename(id, name, at) {
      try {
        const rows = await sql.query(
          `update millwright.experiment set name = $2, updated_at = $3
           where id = $1 and lifecycle_stage = 'active' returning id`,
          [id, name, at],
        );
        return rows.length > 0 ? "renamed" : "none";
      } catch (error) {
        if (error instanceof MillwrightError && error.code === "conflict") return "taken";
        throw error;
      }
    },
    async setTag(id, { key, value }) {
      const rows = await sql.query(
        `insert into millwright.experiment_tag (experiment, key, value)
         select id, $2, $3 from millwright.experiment where id = $1 and lifecycle_stage = 'active' for key share
         on conflict (experiment, key) do update set value = excluded.value returning key`,
        [id, key, value],
      );
      return rows.length > 0;
    },
    async deleteTag(id, key) {
      const rows = await sql.query(
        "delete from millwright.experiment_tag where experiment = $1 and key = $2 returning key",
        [id, key],
      );
      return rows.length > 0;
    },
    async keepDefault(at) {
      await sql.query(
        `insert into millwright.experiment (id, name, artifact_location, created_at, updated_at)
         values (0, 'Default', $1 || '/0', $2, $2) on conflict do nothing`,
        [root, at],
      );
    },
  };
}
