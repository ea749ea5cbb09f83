import type { Seal } from "../../../lib/seal.ts";
import type { Sql } from "../../../storage/sql/sql.ts";
import { AUDIT, type Audited, type By } from "../audited.ts";
import type { Which } from "../names.ts";
import { maskedOf } from "./masked.ts";

type Texts = Readonly<Record<string, string>>;

/** All that is ever shown of a secret. */
export interface LlmSecret extends Audited {
  readonly id: string;
  readonly name: string;
  readonly masked: Texts;
  readonly provider: string | null;
  readonly auth_config: Texts;
}

export interface NewSecret extends By {
  readonly id: string;
  readonly name: string;
  readonly values: Texts;
  readonly provider: string | undefined;
  readonly authConfig: Texts;
}

export interface SecretChange extends By {
  readonly values: Texts | undefined;
  readonly authConfig: Texts | undefined;
}

export interface LlmSecretStore {
  find(which: Which): Promise<LlmSecret | undefined>;
  list(provider: string | undefined): Promise<LlmSecret[]>;
  /** undefined: the name is taken. */
  add(secret: NewSecret): Promise<LlmSecret | undefined>;
  change(id: string, change: SecretChange): Promise<LlmSecret | undefined>;
  /** Models that used it are left without. false: there is none. */
  delete(id: string): Promise<boolean>;
}

const COLUMNS = `id, name, masked, provider, auth_config, ${AUDIT}`;

/** Values are sealed with the id of their secret, so that one cannot be put in another's place. */
export function llmSecretStore(sql: Sql, { seal }: Pick<Seal, "seal">): LlmSecretStore {
  const sealed = (id: string, values: Texts): Uint8Array =>
    seal(JSON.stringify({ secret: id, values }));
  return {
    async find({ id, name }) {
      const rows = await sql.query<LlmSecret>(
        `select ${COLUMNS} from millwright.llm_secret where ${id === undefined ? "name" : "id"} = $1`,
        [id ?? name],
      );
      return rows[0];
    },
    list: (provider) =>
      sql.query<LlmSecret>(
        `select ${COLUMNS} from millwright.llm_secret where $1::text is null or provider = $1 order by created_at, id`,
        [provider ?? null],
      ),
    async add({ id, name, values, provider, authConfig, by, at }) {
      const rows = await sql.query<LlmSecret>(
        `insert into millwright.llm_secret (id, name, sealed, masked, provider, auth_config, ${AUDIT})
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $8) on conflict (name) do nothing returning ${COLUMNS}`,
        [
          ...[id, name, sealed(id, values), JSON.stringify(maskedOf(values)), provider ?? null],
          ...[JSON.stringify(authConfig), at, by ?? null],
        ],
      );
      return rows[0];
    },
    async change(id, { values, authConfig, by, at }) {
      // Later than before, whatever the clock says: clients compare.
      const rows = await sql.query<LlmSecret>(
        `update millwright.llm_secret set sealed = coalesce($2, sealed), masked = coalesce($3, masked),
           auth_config = coalesce($4, auth_config), updated_by = coalesce($5, updated_by), updated_at = greatest($6, updated_at + 1)
         where id = $1 returning ${COLUMNS}`,
        [
          ...[id, values === undefined ? null : sealed(id, values)],
          values === undefined ? null : JSON.stringify(maskedOf(values)),
          authConfig === undefined ? null : JSON.stringify(authConfig),
          ...[by ?? null, at],
        ],
      );
      return rows[0];
    },
    async delete(id) {
      const rows = await sql.query("delete from millwright.llm_secret where id = $1 returning id", [
        id,
      ]);
      return rows.length > 0;
    },
  };
}
