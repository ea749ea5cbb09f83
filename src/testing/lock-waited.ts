import type { Sql } from "../storage/sql/sql.ts";

/** Until some statement with this text waits for a lock. From outside: a transaction sees one state of all activity. */
export async function lockWaited(sql: Sql, text: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const rows = await sql.query(
      "select pid from pg_stat_activity where wait_event_type = 'Lock' and position($1 in query) > 0 and pid <> pg_backend_pid()",
      [text],
    );
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("nobody waits");
}
