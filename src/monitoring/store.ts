import type { Sql } from "../storage/sql/sql.ts";
import type { KeptIncident, WindowReport } from "./window-report.ts";

export interface MonitoringStore {
  /** The same window looked at again replaces what was found before. */
  keepWindow(report: WindowReport): Promise<void>;
  /** Oldest first; the last `limit`, those starting before `before`. */
  windows(model: string, options?: { before?: number; limit?: number }): Promise<WindowReport[]>;
  keepIncident(incident: KeptIncident): Promise<void>;
  openIncidents(model: string): Promise<KeptIncident[]>;
  /** Newest first. */
  incidents(model?: string, limit?: number): Promise<KeptIncident[]>;
}

export function monitoringStore(sql: Sql): MonitoringStore {
  return {
    async keepWindow(report) {
      const { start, end } = report.window;
      await sql.query(
        `insert into millwright.monitor_window (model, start_at, end_at, version, body)
         values ($1, $2, $3, $4, $5)
         on conflict (model, start_at, end_at) do update set version = excluded.version, body = excluded.body`,
        [report.model, new Date(start), new Date(end), report.version, JSON.stringify(report)],
      );
    },
    async windows(model, { before, limit = 100 } = {}) {
      const rows = await sql.query<{ body: WindowReport }>(
        `select body from millwright.monitor_window
         where model = $1 and ($2::timestamptz is null or start_at < $2) order by start_at desc limit $3`,
        [model, before === undefined ? null : new Date(before), limit],
      );
      return rows.map((row) => row.body).reverse();
    },
    async keepIncident(incident) {
      await sql.query(
        `insert into millwright.incident (id, model, state, opened_at, closed_at, body)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set state = excluded.state, closed_at = excluded.closed_at, body = excluded.body`,
        [
          incident.id,
          incident.model,
          incident.state,
          new Date(incident.first.start),
          incident.state === "open" ? null : new Date(incident.last.end),
          JSON.stringify(incident),
        ],
      );
    },
    async openIncidents(model) {
      const rows = await sql.query<{ body: KeptIncident }>(
        `select body from millwright.incident where model = $1 and state = 'open'
         order by opened_at`,
        [model],
      );
      return rows.map((row) => row.body);
    },
    async incidents(model, limit = 100) {
      const rows = await sql.query<{ body: KeptIncident }>(
        `select body from millwright.incident where $1::text is null or model = $1
         order by opened_at desc limit $2`,
        [model ?? null, limit],
      );
      return rows.map((row) => row.body);
    },
  };
}
