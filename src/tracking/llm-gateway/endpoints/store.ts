import type { MillwrightError } from "../../../errors.ts";
import type { Sql } from "../../../storage/sql/sql.ts";
import type { By } from "../audited.ts";
import type { Which } from "../names.ts";
import type { Fallback, Link, LinkedModel, LlmEndpoint } from "./endpoint.ts";

export interface LlmEndpointStore {
  find(which: Which): Promise<LlmEndpoint | undefined>;
  list(by: {
    readonly provider: string | undefined;
    readonly secret: string | undefined;
  }): Promise<LlmEndpoint[]>;
  /** A model that is not there is named. */
  add(endpoint: NewEndpoint): Promise<LlmEndpoint | "taken" | Missing>;
  change(id: string, change: EndpointChange): Promise<LlmEndpoint | "taken" | Missing | undefined>;
  delete(id: string): Promise<boolean>;
  attach(
    id: string,
    link: NewLink,
    by: By,
  ): Promise<LinkedModel | "attached" | Missing | undefined>;
  detach(id: string, model: string): Promise<boolean>;
  /** null deletes. */
  setTag(id: string, key: string, value: string | null): Promise<boolean>;
}

export interface Missing {
  readonly missing: string;
}

export interface NewLink extends Link {
  /** Of the mapping. */
  readonly id: string;
}

interface Settings {
  readonly routing: LlmEndpoint["routing_strategy"] | undefined;
  readonly fallback: Fallback | undefined;
  readonly experiment: string | undefined;
}

export interface NewEndpoint extends By, Settings {
  readonly id: string;
  readonly name: string;
  readonly links: readonly NewLink[];
  readonly usageTracking: boolean;
}

/** What is undefined stays; links replace all there were. */
export interface EndpointChange extends By, Settings {
  readonly name: string | undefined;
  readonly links: readonly NewLink[] | undefined;
  readonly usageTracking: boolean | undefined;
}

const MODEL = `json_build_object('id', m.id, 'name', m.name, 'secret', m.secret, 'secret_name', s.name, 'provider', m.provider,
  'model_name', m.model_name, 'created_at', m.created_at, 'updated_at', m.updated_at, 'created_by', m.created_by, 'updated_by', m.updated_by)`;

const LINKED = `select json_agg(json_build_object('id', l.id, 'endpoint', l.endpoint, 'model', ${MODEL}, 'linkage', l.linkage,
    'weight', l.weight, 'fallback_order', l.fallback_order, 'created_at', l.created_at, 'created_by', l.created_by) order by l.n)
  from millwright.llm_endpoint_model l join millwright.llm_model m on m.id = l.model left join millwright.llm_secret s on s.id = m.secret`;

const COLUMNS = `e.id, e.name, e.routing_strategy, e.fallback, e.usage_tracking, e.experiment::text as experiment, e.tags,
  e.created_at, e.updated_at, e.created_by, e.updated_by, coalesce((${LINKED} where l.endpoint = e.id), '[]') as models`;

export function llmEndpointStore(sql: Sql): LlmEndpointStore {
  return {
    find: (which) => find(sql, which),
    list: ({ provider, secret }) =>
      sql.query<LlmEndpoint>(
        `select ${COLUMNS} from millwright.llm_endpoint e
         where ($1::text is null and $2::text is null) or exists (
           select from millwright.llm_endpoint_model l join millwright.llm_model m on m.id = l.model
           where l.endpoint = e.id and ($1::text is null or m.provider = $1) and ($2::text is null or m.secret = $2))
         order by e.created_at, e.id`,
        [provider ?? null, secret ?? null],
      ),
    add: ({ id, name, links, routing, fallback, experiment, usageTracking, by, at }) =>
      sql
        .transact(async (tx) => {
          const rows = await tx.query(
            `insert into millwright.llm_endpoint (id, name, routing_strategy, fallback, usage_tracking, experiment, created_at, updated_at, created_by, updated_by)
           values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $8) on conflict (name) do nothing returning id`,
            [
              ...[id, name, routing ?? null, jsonOrNull(fallback), usageTracking],
              ...[experiment ?? null, at, by ?? null],
            ],
          );
          if (rows.length === 0) return "taken";
          const missing = await link(tx, id, links, { by, at });
          if (missing !== undefined) throw new Undone(missing);
          return (await find(tx, { id }))!;
        })
        .catch(undone),
    change: (id, { name, links, routing, fallback, experiment, usageTracking, by, at }) =>
      sql
        .transact(async (tx) => {
          const rows = await tx.query(
            `update millwright.llm_endpoint set name = coalesce($2, name), routing_strategy = coalesce($3, routing_strategy),
             fallback = coalesce($4, fallback), usage_tracking = coalesce($5, usage_tracking), experiment = coalesce($6, experiment),
             updated_by = coalesce($7, updated_by), updated_at = $8 where id = $1 returning id`,
            [
              ...[id, name ?? null, routing ?? null, jsonOrNull(fallback), usageTracking ?? null],
              ...[experiment ?? null, by ?? null, at],
            ],
          );
          if (rows.length === 0) return undefined;
          if (links !== undefined) {
            await tx.query("delete from millwright.llm_endpoint_model where endpoint = $1", [id]);
            const missing = await link(tx, id, links, { by, at });
            if (missing !== undefined) throw new Undone(missing);
          }
          return find(tx, { id });
        })
        .catch(undone),
    async delete(id) {
      const rows = await sql.query(
        "delete from millwright.llm_endpoint where id = $1 returning id",
        [id],
      );
      return rows.length > 0;
    },
    attach: (id, one, { by, at }) =>
      sql.transact(async (tx) => {
        const rows = await tx.query(
          "update millwright.llm_endpoint set updated_at = $2, updated_by = coalesce($3, updated_by) where id = $1 returning id",
          [id, at, by ?? null],
        );
        if (rows.length === 0) return undefined;
        const missing = await link(tx, id, [one], { by, at });
        if (missing !== undefined) return missing;
        const { models } = (await find(tx, { id }))!;
        return models.find((linked) => linked.id === one.id) ?? "attached";
      }),
    async detach(id, model) {
      const rows = await sql.query(
        "delete from millwright.llm_endpoint_model where endpoint = $1 and model = $2 returning id",
        [id, model],
      );
      return rows.length > 0;
    },
    async setTag(id, key, value) {
      const rows = await sql.query(
        "update millwright.llm_endpoint set tags = jsonb_strip_nulls(tags || jsonb_build_object($2::text, $3::text)) where id = $1 returning id",
        [id, key, value],
      );
      return rows.length > 0;
    },
  };
}

/** Rolls the transaction back with an outcome instead of an error. */
class Undone extends Error {
  readonly outcome: Missing;
  constructor(outcome: Missing) {
    super("undone");
    this.outcome = outcome;
  }
}

function undone(error: unknown): Missing | "taken" {
  if (error instanceof Undone) return error.outcome;
  if ((error as MillwrightError).code === "conflict") return "taken";
  throw error;
}

const jsonOrNull = (value: object | undefined): string | null =>
  value === undefined ? null : JSON.stringify(value);

async function find(sql: Sql, { id, name }: Which): Promise<LlmEndpoint | undefined> {
  const rows = await sql.query<LlmEndpoint>(
    `select ${COLUMNS} from millwright.llm_endpoint e where e.${id === undefined ? "name" : "id"} = $1`,
    [id ?? name],
  );
  return rows[0];
}

/** Those that are linked already are left as they are. */
async function link(
  sql: Sql,
  endpoint: string,
  links: readonly NewLink[],
  { by, at }: By,
): Promise<Missing | undefined> {
  for (const { id, model, linkage, weight, fallbackOrder } of links) {
    const models = await sql.query("select from millwright.llm_model where id = $1 for key share", [
      model,
    ]);
    if (models.length === 0) return { missing: model };
    await sql.query(
      `insert into millwright.llm_endpoint_model (id, endpoint, model, linkage, weight, fallback_order, created_at, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (endpoint, model, linkage) do nothing`,
      [id, endpoint, model, linkage, weight, fallbackOrder ?? null, at, by ?? null],
    );
  }
  return undefined;
}
