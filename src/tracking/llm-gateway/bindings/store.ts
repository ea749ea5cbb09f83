import type { Sql } from "../../../storage/sql/sql.ts";
import { AUDIT, type Audited, type By } from "../audited.ts";

/** What uses an endpoint. */
export interface Binding {
  readonly endpoint: string;
  readonly resourceType: string;
  readonly resourceId: string;
}

export interface LlmBinding extends Audited {
  readonly endpoint: string;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly display_name: string | null;
}

export interface LlmBindingStore {
  /** Repeating it changes nothing. undefined: there is no such endpoint. */
  add(binding: Binding, by: By): Promise<LlmBinding | undefined>;
  list(by: Partial<{ readonly [K in keyof Binding]: string | undefined }>): Promise<LlmBinding[]>;
  delete(binding: Binding): Promise<boolean>;
}

const COLUMNS = `endpoint, resource_type, resource_id, display_name, ${AUDIT}`;

export const llmBindingStore = (sql: Sql): LlmBindingStore => ({
  async add({ endpoint, resourceType, resourceId }, { by, at }) {
    const rows = await sql.query<LlmBinding>(
      `insert into millwright.llm_binding as b (endpoint, resource_type, resource_id, ${AUDIT})
       select e.id, $2, $3, $4, $4, $5, $5 from millwright.llm_endpoint e where e.id = $1
       on conflict (endpoint, resource_type, resource_id) do update set updated_at = b.updated_at returning ${COLUMNS}`,
      [endpoint, resourceType, resourceId, at, by ?? null],
    );
    return rows[0];
  },
  list: ({ endpoint, resourceType, resourceId }) =>
    sql.query<LlmBinding>(
      `select ${COLUMNS} from millwright.llm_binding where ($1::text is null or endpoint = $1)
         and ($2::text is null or resource_type = $2) and ($3::text is null or resource_id = $3)
       order by created_at, resource_id, endpoint`,
      [endpoint ?? null, resourceType ?? null, resourceId ?? null],
    ),
  async delete({ endpoint, resourceType, resourceId }) {
    const rows = await sql.query(
      "delete from millwright.llm_binding where endpoint = $1 and resource_type = $2 and resource_id = $3 returning endpoint",
      [endpoint, resourceType, resourceId],
    );
    return rows.length > 0;
  },
});
