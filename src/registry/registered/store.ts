import type { Clock } from "../../lib/clock.ts";
import type { Json } from "../../lib/json.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { WebhookStore } from "../webhooks/store.ts";
import {
  type ModelTag,
  type NewVersion,
  type OwnVersion,
  ownLocation,
  type RegisteredModel,
  type RegisteredVersion,
  type Stage,
} from "./registered-model.ts";
import {
  MODEL_COLUMNS,
  type ModelRow,
  VERSION_COLUMNS,
  VERSIONS,
  type VersionRow,
  versionOfRow,
} from "./version-row.ts";

export type RegisteredStore = ReturnType<typeof registeredStore>;

/** What changes together when a registered model does: inside `transact` they share one transaction. */
export interface RegisteredParts {
  readonly registered: RegisteredStore;
  readonly webhooks: Pick<WebhookStore, "tell">;
  readonly loggedModels: LoggedModels;
  /** undefined: there is no such run. */
  runArtifacts(run: string): Promise<string | undefined>;
  /** Until the end of the transaction nobody else moves our own aliases of the model. */
  lock(model: string): Promise<void>;
  /** What of ours needs the model, or that version of it, in words; undefined: nothing does. Ask under `lock`. */
  usedBy(model: string, version?: RegisteredVersion): Promise<string | undefined>;
  /** Appends to the event log. */
  announce(type: string, subject: string, payload: Json, at: number): Promise<void>;
}

export interface RegisteredDeps extends RegisteredParts {
  readonly clock: Clock;
  transact<T>(body: (parts: RegisteredParts) => Promise<T>): Promise<T>;
  /**
   * Makes a version that can be served the champion; one that cannot may have the alias as a name. Throws `gate_failed` with the
   * reasons when the gates do not allow it. undefined: nobody serves here, aliases are only names.
   */
  promoteByAlias?:
    | ((model: string, number: number) => Promise<"promoted" | "not servable">)
    | undefined;
}

/** What is needed of models that runs logged. */
export interface LoggedModels {
  get(id: string): Promise<
    | {
        readonly artifactUri: string;
        readonly sourceRun: string | undefined;
        readonly tags: readonly ModelTag[];
      }
    | undefined
  >;
  setTags(id: string, tags: readonly ModelTag[]): Promise<unknown>;
}

/** Registered models and their versions. What changes several things wants a transaction's `Sql`. Answers `undefined` or `false` for what is not there. */
export function registeredStore(sql: Sql) {
  const latestOf = async (ids: readonly number[]): Promise<Map<number, RegisteredVersion[]>> => {
    const rows = await sql.query<VersionRow>(
      `select ${VERSION_COLUMNS} from (
         select distinct on (model, stage) model, number from millwright.registered_version
         where model = any($1) order by model, stage, number desc
       ) newest join millwright.registered_version v using (model, number)
       join millwright.registered_model m on m.id = v.model order by v.number desc`,
      [ids],
    );
    const found = new Map<number, RegisteredVersion[]>();
    for (const row of rows)
      found.set(row.model_id, [...(found.get(row.model_id) ?? []), versionOfRow(row)]);
    return found;
  };

  const modelsOf = async (rows: readonly ModelRow[]): Promise<RegisteredModel[]> => {
    const latest = await latestOf(rows.map(({ id }) => id));
    return rows.map(({ created_at: createdAt, updated_at: updatedAt, ...row }) => ({
      ...row,
      ...{ createdAt, updatedAt, latest: latest.get(row.id) ?? [] },
    }));
  };

  const changed = async (text: string, values: readonly unknown[]): Promise<boolean> =>
    (await sql.query(text, values)).length > 0;

  /** Where the model's own row is missing (it was deleted), it comes back. */
  const showOwn = async (own: OwnVersion): Promise<void> => {
    const { model, number, version, runId = "", at } = own;
    await sql.query(
      `insert into millwright.registered_model as m (name, last_version, created_at, updated_at)
       select $1, max(number), $2, $2 from millwright.model_version where model = $1
       on conflict (name) do update set last_version = greatest(m.last_version, excluded.last_version)`,
      [model, at],
    );
    await sql.query(
      `insert into millwright.registered_version
         (model, number, version, source, location, run_id, created_at, updated_at)
       select id, $2, $3, $4, $4, $5, $6, $6 from millwright.registered_model where name = $1
       on conflict (model, number) do update set version = excluded.version`,
      [model, number, version, ownLocation(model, number), runId, at],
    );
  };

  return {
    /** false: the name is taken. */
    async createModel(model: {
      readonly name: string;
      readonly description: string;
      readonly tags: readonly ModelTag[];
      readonly at: number;
    }): Promise<boolean> {
      return changed(
        `with model as (
           insert into millwright.registered_model (name, description, last_version, created_at, updated_at)
           select $1, $2, coalesce(max(number), 0), $3, $3 from millwright.model_version where model = $1
           on conflict (name) do nothing returning id
         ), tags as (
           insert into millwright.registered_model_tag (model, key, value)
           select id, given.key, given.value from model, jsonb_to_recordset($4) given (key text, value text)
         )
         select id from model`,
        [model.name, model.description, model.at, JSON.stringify(lastOfEach(model.tags))],
      );
    },

    async model(name: string): Promise<RegisteredModel | undefined> {
      const rows = await sql.query<ModelRow>(
        `select ${MODEL_COLUMNS} from millwright.registered_model m where m.name = $1`,
        [name],
      );
      return (await modelsOf(rows))[0];
    },

    modelsOf,

    async tagsOf(name: string): Promise<readonly ModelTag[] | undefined> {
      const [row] = await sql.query<{ tags: readonly ModelTag[] }>(
        `select ${MODEL_COLUMNS} from millwright.registered_model m where m.name = $1`,
        [name],
      );
      return row?.tags;
    },

    describeModel: (name: string, description: string, at: number) =>
      changed(
        "update millwright.registered_model set description = $2, updated_at = $3 where name = $1 returning 1",
        [name, description, at],
      ),

    /** Versions keep their numbers. Throws `conflict` when the new name is taken. */
    renameModel: (name: string, newName: string, at: number) =>
      changed(
        `with model as (
           update millwright.registered_model m set name = $2, updated_at = $3,
             last_version = greatest(last_version, (select max(number) from millwright.model_version where model = $2))
           where name = $1 returning id
         ), versions as (
           update millwright.registered_version v set updated_at = $3 from model where v.model = model.id
         )
         select id from model`,
        [name, newName, at],
      ),

    deleteModel: (name: string) =>
      changed("delete from millwright.registered_model where name = $1 returning 1", [name]),

    setModelTag: (name: string, tag: ModelTag) =>
      changed(
        `insert into millwright.registered_model_tag (model, key, value)
         select id, $2, $3 from millwright.registered_model where name = $1
         on conflict (model, key) do update set value = excluded.value returning 1`,
        [name, tag.key, tag.value],
      ),

    deleteModelTag: (name: string, key: string) =>
      changed(
        `delete from millwright.registered_model_tag t using millwright.registered_model m
         where m.id = t.model and m.name = $1 and t.key = $2 returning 1`,
        [name, key],
      ),

    /** Its number, the next one of the model. */
    async addVersion(version: NewVersion): Promise<number | undefined> {
      const [row] = await sql.query<{ number: number }>(
        `with model as (
           update millwright.registered_model set last_version = last_version + 1, updated_at = $2
           where name = $1 returning id, last_version as number
         ), version as (
           insert into millwright.registered_version
             (model, number, source, location, run_id, run_link, logged_model, description, created_at, updated_at)
           select id, number, $3, $4, $5, $6, $7, $8, $2, $2 from model returning model, number
         ), tags as (
           insert into millwright.registered_version_tag (model, number, key, value)
           select version.model, version.number, given.key, given.value
           from version, jsonb_to_recordset($9) given (key text, value text)
         )
         select number from version`,
        [
          ...[version.model, version.at, version.source, version.location, version.runId],
          ...[version.runLink, version.loggedModel ?? null, version.description],
          JSON.stringify(lastOfEach(version.tags)),
        ],
      );
      return row?.number;
    },

    async version(model: string, number: number): Promise<RegisteredVersion | undefined> {
      const [row] = await sql.query<VersionRow>(
        `select ${VERSION_COLUMNS} from ${VERSIONS} where m.name = $1 and v.number = $2`,
        [model, number],
      );
      return row && versionOfRow(row);
    },

    /** Of each stage the highest number. */
    async latest(model: string): Promise<readonly RegisteredVersion[] | undefined> {
      const [row] = await sql.query<{ id: number }>(
        "select id from millwright.registered_model where name = $1",
        [model],
      );
      return row && ((await latestOf([row.id])).get(row.id) ?? []);
    },

    describeVersion: (model: string, number: number, description: string, at: number) =>
      changed(
        `update millwright.registered_version v set description = $3, updated_at = $4
         from millwright.registered_model m where m.id = v.model and m.name = $1 and v.number = $2 returning 1`,
        [model, number, description, at],
      ),

    /** `archiveOthers`: those that were in the stage are archived. */
    setStage: (
      model: string,
      change: {
        readonly number: number;
        readonly stage: Stage;
        readonly archiveOthers: boolean;
        readonly at: number;
      },
    ) =>
      changed(
        `with model as (
           update millwright.registered_model m set updated_at = $4
           where name = $1 and exists (select from millwright.registered_version v where v.model = m.id and v.number = $2)
           returning id
         ), version as (
           update millwright.registered_version v set updated_at = $4,
             stage = case when v.number = $2 then $3 else 'Archived' end
           from model where v.model = model.id and (v.number = $2 or ($5 and v.stage = $3))
         )
         select id from model`,
        [model, change.number, change.stage, change.at, change.archiveOthers],
      ),

    /** With its tags and the aliases that point to it. Its number is not given again. Locks the model first, as `setStage` does. */
    deleteVersion: (model: string, number: number, at: number) =>
      changed(
        `with model as (
           update millwright.registered_model m set updated_at = $3
           where name = $1 and exists (select from millwright.registered_version v where v.model = m.id and v.number = $2)
           returning id
         ), version as (
           delete from millwright.registered_version v using model where v.model = model.id and v.number = $2
         )
         select id from model`,
        [model, number, at],
      ),

    setVersionTag: (model: string, number: number, tag: ModelTag) =>
      changed(
        `insert into millwright.registered_version_tag (model, number, key, value)
         select v.model, v.number, $3, $4 from ${VERSIONS} where m.name = $1 and v.number = $2
         on conflict (model, number, key) do update set value = excluded.value returning 1`,
        [model, number, tag.key, tag.value],
      ),

    deleteVersionTag: (model: string, number: number, key: string) =>
      changed(
        `delete from millwright.registered_version_tag t using millwright.registered_model m
         where m.id = t.model and m.name = $1 and t.number = $2 and t.key = $3 returning 1`,
        [model, number, key],
      ),

    /** `own`: it stands where our own registry moved it. */
    async alias(
      model: string,
      alias: string,
    ): Promise<{ readonly number: number; readonly own: boolean } | undefined> {
      const [row] = await sql.query<{ number: number; own: boolean }>(
        `select a.number, a.own from millwright.registered_alias a join millwright.registered_model m on m.id = a.model
         where m.name = $1 and a.alias = $2`,
        [model, alias],
      );
      return row;
    },

    /** Not for one that our own registry has moved. false: there is no such version. */
    setAlias: (model: string, alias: string, number: number) =>
      changed(
        `insert into millwright.registered_alias (model, alias, number)
         select v.model, $2, v.number from ${VERSIONS} where m.name = $1 and v.number = $3
         on conflict (model, alias) do update set number = excluded.number, own = false returning 1`,
        [model, alias, number],
      ),

    deleteAlias: (model: string, alias: string) =>
      changed(
        `delete from millwright.registered_alias a using millwright.registered_model m
         where m.id = a.model and m.name = $1 and a.alias = $2 returning 1`,
        [model, alias],
      ),

    /** The next number for a version of our own; a model that is not there is made. */
    async nextNumber(
      model: string,
      at: number,
    ): Promise<{ readonly number: number; readonly made: boolean }> {
      const [row] = await sql.query<{ number: number; made: boolean }>(
        `insert into millwright.registered_model (name, last_version, created_at, updated_at)
         select $1, coalesce(max(number), 0) + 1, $2, $2 from millwright.model_version where model = $1
         on conflict (name) do update set last_version = registered_model.last_version + 1, updated_at = excluded.updated_at
         returning last_version as number, xmax = 0 as made`,
        [model, at],
      );
      return row!;
    },

    showOwn,

    /** Of a version that a client registered: what it is served by. false: the client has deleted it. */
    serveAs: ({ model, number, version }: OwnVersion) =>
      changed(
        `update millwright.registered_version v set version = $3
         from millwright.registered_model m where m.id = v.model and m.name = $1 and v.number = $2 returning 1`,
        [model, number, version],
      ),

    /** What an alias move says; a version that a client deleted is back when an alias points to it. */
    async moveOwnAlias(
      alias: string,
      own: OwnVersion | { readonly model: string; readonly version: undefined },
    ): Promise<void> {
      if (own.version === undefined) {
        await sql.query(
          `delete from millwright.registered_alias a using millwright.registered_model m
           where m.id = a.model and m.name = $1 and a.alias = $2 and a.own`,
          [own.model, alias],
        );
        return;
      }
      await showOwn(own);
      await sql.query(
        `insert into millwright.registered_alias (model, alias, number, own)
         select model, $2, number, true from millwright.registered_version where version = $1
         on conflict (model, alias) do update set number = excluded.number, own = true`,
        [own.version, alias],
      );
    },

    /** Inside a transaction: until its end nobody else registers that logged model. */
    async lockLoggedModel(id: string): Promise<void> {
      await sql.query("select pg_advisory_xact_lock(hashtext('logged_model:' || $1))", [id]);
    },

    /** Whether a version of it was trained or imported here, whose id is made of the model's name. */
    hasOwnVersions: (model: string) =>
      changed(`select 1 from ${VERSIONS} where m.name = $1 and v.version is not null limit 1`, [
        model,
      ]),
  };
}

/** Of a key given twice the last counts. */
const lastOfEach = (tags: readonly ModelTag[]): ModelTag[] => [
  ...new Map(tags.map((tag) => [tag.key, tag])).values(),
];
