import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { Sql } from "../storage/sql/sql.ts";

/** Nobody's result answers for longer. */
const KEEP_DAYS = 90;

/** What steps made that may answer again: see `cache` of a step. The key says all that the result depends on. */
export interface StepResults {
  /** @param maxAgeMs older ones do not answer. */
  find(key: Digest, maxAgeMs: number): Promise<FoundResult | undefined>;
  /** In place of the one there is. */
  keep(
    key: Digest,
    result: { readonly run: string; readonly step: string; readonly value: Json },
  ): Promise<void>;
}

export interface FoundResult {
  readonly run: string;
  readonly value: Json;
}

export function stepResults(sql: Sql): StepResults {
  return {
    async find(key, maxAgeMs) {
      const [row] = await sql.query<{ run_id: string; value: Json }>(
        `select run_id, value from millwright.step_result
         where key = $1 and kept_at > now() - $2::float8 * interval '1 millisecond'`,
        [key, Math.min(maxAgeMs, KEEP_DAYS * 86_400_000)],
      );
      return row && { run: row.run_id, value: row.value };
    },
    async keep(key, { run, step, value }) {
      await sql.query(
        `with old as (
           delete from millwright.step_result
           where kept_at < now() - interval '${KEEP_DAYS} days' and key <> $1)
         insert into millwright.step_result (key, run_id, step, value) values ($1, $2, $3, $4)
         on conflict (key) do update set run_id = excluded.run_id, step = excluded.step,
           value = excluded.value, kept_at = now()`,
        [key, run, step, JSON.stringify(value)],
      );
    },
  };
}
