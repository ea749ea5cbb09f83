import type { ModelAlias, ModelTag, RegisteredVersion, Stage } from "./registered-model.ts";

export interface VersionRow {
  readonly model_id: number;
  readonly name: string;
  readonly number: number;
  readonly version: string | null;
  readonly source: string;
  readonly location: string;
  readonly run_id: string;
  readonly run_link: string;
  readonly logged_model: string | null;
  readonly stage: Stage;
  readonly description: string;
  readonly status: string;
  readonly status_message: string;
  readonly user_id: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly tags: readonly ModelTag[];
  readonly aliases: readonly string[];
}

/** The columns of `VersionRow`, with the tables under the names `v` and `m`. */
export const VERSION_COLUMNS = `v.model as model_id, m.name, v.number, v.version, v.source, v.location, v.run_id, v.run_link,
  v.logged_model, v.stage, v.description, v.status, v.status_message, v.user_id, v.created_at, v.updated_at,
  coalesce((select jsonb_agg(jsonb_build_object('key', t.key, 'value', t.value) order by t.key)
    from millwright.registered_version_tag t where t.model = v.model and t.number = v.number), '[]') as tags,
  coalesce((select jsonb_agg(a.alias order by a.alias)
    from millwright.registered_alias a where a.model = v.model and a.number = v.number), '[]') as aliases`;

export const VERSIONS =
  "millwright.registered_version v join millwright.registered_model m on m.id = v.model";

export const versionOfRow = (row: VersionRow): RegisteredVersion => ({
  model: row.name,
  number: row.number,
  version: row.version ?? undefined,
  source: row.source,
  location: row.location,
  runId: row.run_id,
  runLink: row.run_link,
  loggedModel: row.logged_model ?? undefined,
  stage: row.stage,
  description: row.description,
  status: row.status,
  statusMessage: row.status_message,
  userId: row.user_id,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  tags: row.tags,
  aliases: row.aliases,
});

export interface ModelRow {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly tags: readonly ModelTag[];
  readonly aliases: readonly ModelAlias[];
}

/** The columns of `ModelRow`, with the table under the name `m`. */
export const MODEL_COLUMNS = `m.id, m.name, m.description, m.created_at, m.updated_at,
  coalesce((select jsonb_agg(jsonb_build_object('key', t.key, 'value', t.value) order by t.key)
    from millwright.registered_model_tag t where t.model = m.id), '[]') as tags,
  coalesce((select jsonb_agg(jsonb_build_object('alias', a.alias, 'number', a.number) order by a.alias)
    from millwright.registered_alias a where a.model = m.id), '[]') as aliases`;
