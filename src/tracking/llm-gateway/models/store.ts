import type { MillwrightError } from "../../../errors.ts";
import type { Sql } from "../../../storage/sql/sql.ts";
import type { Audited, By } from "../audited.ts";
import type { Which } from "../names.ts";

/** A provider's model, and the secret it is called with. */
export interface LlmModel extends Audited {
  readonly id: string;
  readonly name: string;
  /** null: was deleted. */
  readonly secret: string | null;
  readonly secret_name: string | null;
  readonly provider: string;
  readonly model_name: string;
}

export interface NewLlmModel extends By {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly provider: string;
  readonly modelName: string;
}

/** What is undefined stays. */
export type LlmModelChange = By &
  Partial<{ readonly [K in "name" | "secret" | "provider" | "modelName"]: string | undefined }>;

export interface LlmModelStore {
  find(which: Which): Promise<LlmModel | undefined>;
  list(by: {
    readonly provider: string | undefined;
    readonly secret: string | undefined;
  }): Promise<LlmModel[]>;
  add(model: NewLlmModel): Promise<LlmModel | "taken">;
  change(id: string, change: LlmModelChange): Promise<LlmModel | "taken" | undefined>;
  delete(id: string): Promise<"deleted" | "in use" | undefined>;
}

export const MODEL_COLUMNS = `m.id, m.name, m.secret, s.name as secret_name, m.provider, m.model_name,
  m.created_at, m.updated_at, m.created_by, m.updated_by`;
const FROM = "millwright.llm_model m left join millwright.llm_secret s on s.id = m.secret";

export function llmModelStore(sql: Sql): LlmModelStore {
  const find = async ({ id, name }: Which): Promise<LlmModel | undefined> => {
    const rows = await sql.query<LlmModel>(
      `select ${MODEL_COLUMNS} from ${FROM} where m.${id === undefined ? "name" : "id"} = $1`,
      [id ?? name],
    );
    return rows[0];
  };
  return {
    find,
    list: ({ provider, secret }) =>
      sql.query<LlmModel>(
        `select ${MODEL_COLUMNS} from ${FROM} where ($1::text is null or m.provider = $1) and ($2::text is null or m.secret = $2)
         order by m.created_at, m.id`,
        [provider ?? null, secret ?? null],
      ),
    async add({ id, name, secret, provider, modelName, by, at }) {
      const rows = await sql.query(
        `insert into millwright.llm_model (id, name, secret, provider, model_name, created_at, updated_at, created_by, updated_by)
         values ($1, $2, $3, $4, $5, $6, $6, $7, $7) on conflict (name) do nothing returning id`,
        [id, name, secret, provider, modelName, at, by ?? null],
      );
      return rows.length === 0 ? "taken" : (await find({ id }))!;
    },
    async change(id, { name, secret, provider, modelName, by, at }) {
      try {
        await sql.query(
          `update millwright.llm_model set name = coalesce($2, name), secret = coalesce($3, secret), provider = coalesce($4, provider),
             model_name = coalesce($5, model_name), updated_by = coalesce($6, updated_by), updated_at = $7 where id = $1`,
          [id, name ?? null, secret ?? null, provider ?? null, modelName ?? null, by ?? null, at],
        );
      } catch (error) {
        if ((error as MillwrightError).code === "conflict") return "taken";
        throw error;
      }
      return find({ id });
    },
    async delete(id) {
      const rows = await sql.query<{ used: boolean; gone: boolean }>(
        `with used as (select exists (select from millwright.llm_endpoint_model where model = $1) as used),
         gone as (delete from millwright.llm_model where id = $1 and not (select used from used) returning id)
         select (select used from used) as used, exists (select from gone) as gone`,
        [id],
      );
      const [{ used, gone } = { used: false, gone: false }] = rows;
      return used ? "in use" : gone ? "deleted" : undefined;
    },
  };
}
