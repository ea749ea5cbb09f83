import type { Sql } from "../../storage/sql/sql.ts";
import type { LifecycleStage, Tag } from "../experiments/experiment.ts";
import type { Param } from "../runs/tracked-run.ts";
import { type Page, pageOf } from "../search/page.ts";
import type { PageWanted } from "../search/store.ts";
import type { LoggedModel, LoggedModelStatus } from "./logged-model.ts";
import { type ModelRow, modelColumns, modelOfRow } from "./model-row.ts";
import { eachOnce, VERSIONS_TAG } from "./registrations.ts";
import { type ModelSearch, modelColumnsSorted, modelStatement } from "./search.ts";

export interface NewLoggedModel {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly modelType: string | undefined;
  readonly sourceRun: string | undefined;
  /** Of a key twice the last counts. */
  readonly params: readonly Param[];
  readonly tags: readonly Tag[];
  readonly at: number;
}

/** Deleted models are not there for any of these. */
export interface LoggedModelStore {
  get(id: string): Promise<LoggedModel | undefined>;
  /** Pending, its artifacts below the experiment's. undefined = there is no such experiment. */
  create(model: NewLoggedModel): Promise<LoggedModel | "deleted experiment" | undefined>;
  finish(id: string, status: LoggedModelStatus, at: number): Promise<LoggedModel | undefined>;
  /** Written once: a param that has another value is named, and nothing is kept. undefined = there is no such model. */
  addParams(
    id: string,
    params: readonly Param[],
  ): Promise<"kept" | { changed: string } | undefined>;
  /** Equal keys are overwritten. false = there is no such model. */
  setTags(id: string, tags: readonly Tag[]): Promise<boolean>;
  deleteTag(id: string, key: string): Promise<"deleted" | "no such tag" | undefined>;
  /** false = there is no such model, deleted or not. */
  delete(id: string, at: number): Promise<boolean>;
  search(search: ModelSearch, page: PageWanted): Promise<Page<LoggedModel>>;
}

/** So many points of each metric of a model are shown when it is asked for alone, and when it is one of many. */
const POINTS = 1000;
const POINTS_OF_MANY = 1;

const lastOfEach = (pairs: readonly Tag[]): readonly [string[], string[]] => {
  const last = [...new Map(pairs.map(({ key, value }) => [key, value]))];
  return [
    last.map(([key]) => key),
    last.map(([key, value]) => (key === VERSIONS_TAG ? eachOnce(value) : value)),
  ];
};

export function loggedModelStore(sql: Sql): LoggedModelStore {
  const store: LoggedModelStore = {
    async get(id) {
      const rows = await sql.query<ModelRow>(
        `select ${modelColumns(POINTS)} from millwright.logged_model l where l.id = $1 and l.lifecycle_stage = 'active'`,
        [id],
      );
      return rows[0] && modelOfRow(rows[0]);
    },
    async create(model) {
      const { id, experiment, name, modelType, sourceRun, params, tags, at } = model;
      const [row] = await sql.query<{ stage: LifecycleStage }>(
        `with home as (
           select id, artifact_location, lifecycle_stage from millwright.experiment where id = $2 for key share
         ), made as (
           insert into millwright.logged_model
             (id, experiment, name, model_type, source_run, artifact_uri, status, created_at, updated_at)
           select $1, home.id, $3, $4, $5, rtrim(home.artifact_location, '/') || '/models/' || $1 || '/artifacts',
             'LOGGED_MODEL_PENDING', $6, $6
           from home where home.lifecycle_stage = 'active' returning id
         ), params as (
           insert into millwright.logged_model_param (model, key, value)
           select made.id, p.key, p.value from made, unnest($7::text[], $8::text[]) p (key, value)
         ), tags as (
           insert into millwright.logged_model_tag (model, key, value)
           select made.id, t.key, t.value from made, unnest($9::text[], $10::text[]) t (key, value)
         )
         select lifecycle_stage as stage from home`,
        [
          ...[id, experiment, name, modelType ?? null, sourceRun ?? null, at],
          ...[...lastOfEach(params), ...lastOfEach(tags)],
        ],
      );
      if (row === undefined) return undefined;
      return row.stage === "active" ? store.get(id) : "deleted experiment";
    },
    async finish(id, status, at) {
      await sql.query(
        `update millwright.logged_model set status = $2, updated_at = $3
         where id = $1 and lifecycle_stage = 'active'`,
        [id, status, at],
      );
      return store.get(id);
    },
    addParams: (id, params) =>
      sql.transact(async (tx) => {
        // Locked, so that two callers do not both find a param free.
        const model = await tx.query(
          "select id from millwright.logged_model where id = $1 and lifecycle_stage = 'active' for update",
          [id],
        );
        if (model.length === 0) return undefined;
        const [keys, values] = lastOfEach(params);
        const [changed] = await tx.query<{ key: string }>(
          `select p.key from unnest($2::text[], $3::text[]) p (key, value)
           join millwright.logged_model_param o on o.model = $1 and o.key = p.key where o.value <> p.value limit 1`,
          [id, keys, values],
        );
        if (changed !== undefined) return { changed: changed.key };
        await tx.query(
          `insert into millwright.logged_model_param (model, key, value)
           select $1, p.key, p.value from unnest($2::text[], $3::text[]) p (key, value) on conflict do nothing`,
          [id, keys, values],
        );
        return "kept";
      }),
    async setTags(id, tags) {
      const rows = await sql.query(
        `with model as (
           select id from millwright.logged_model where id = $1 and lifecycle_stage = 'active' for key share
         ), kept as (
           insert into millwright.logged_model_tag (model, key, value)
           select model.id, t.key, t.value from model, unnest($2::text[], $3::text[]) t (key, value) order by t.key
           on conflict (model, key) do update set value = excluded.value
         )
         select id from model`,
        [id, ...lastOfEach(tags)],
      );
      return rows.length > 0;
    },
    async deleteTag(id, key) {
      const [row] = await sql.query<{ gone: boolean }>(
        `with model as (
           select id from millwright.logged_model where id = $1 and lifecycle_stage = 'active'
         ), gone as (
           delete from millwright.logged_model_tag t using model where t.model = model.id and t.key = $2 returning t.key
         )
         select exists (select from gone) as gone from model`,
        [id, key],
      );
      return row && (row.gone ? "deleted" : "no such tag");
    },
    async delete(id, at) {
      const rows = await sql.query(
        `update millwright.logged_model set lifecycle_stage = 'deleted',
           updated_at = case lifecycle_stage when 'active' then $2 else updated_at end
         where id = $1 returning id`,
        [id, at],
      );
      return rows.length > 0;
    },
    async search(search, { position, count }) {
      if (search.experiments.length === 0) return { items: [], next: undefined };
      const { text, parameters } = modelStatement(search, {
        ...{ select: modelColumns(POINTS_OF_MANY), position, limit: count + 1 },
      });
      const rows = await sql.query<ModelRow>(text, parameters);
      const { items, next } = pageOf(rows, count, modelColumnsSorted(search));
      return { items: items.map(modelOfRow), next };
    },
  };
  return store;
}
