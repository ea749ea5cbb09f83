import type { Sql } from "../../../storage/sql/sql.ts";

export interface Point {
  readonly timestamp: number;
  readonly step: number;
  readonly value: number;
}

export interface RunPoint extends Point {
  /** Index into the runs asked for. */
  readonly run: number;
}

/** Histories of one metric. Runs are given by `seq`, keys by their number. */
export interface HistoryStore {
  /** Up to `limit` points after the one given, by timestamp, step and value. */
  page(run: number, key: number, after: Point | undefined, limit: number): Promise<Point[]>;
  /** The first points of several runs, in the order of the runs, then by timestamp, step and value. */
  ofRuns(runs: readonly number[], key: number, limit: number): Promise<RunPoint[]>;
  /** Distinct steps of all runs together, ascending, and the first and last of each, within the bounds. */
  steps(
    runs: readonly number[],
    key: number,
    bounds: { readonly from: number | undefined; readonly to: number | undefined },
  ): Promise<{ steps: number[]; ends: number[] }>;
  /** All points at these steps, in the order of the runs, then by step, timestamp and value; at most `limit` a run. */
  atSteps(
    runs: readonly number[],
    key: number,
    steps: readonly number[],
    limit: number,
  ): Promise<RunPoint[]>;
}

export function historyStore(sql: Sql): HistoryStore {
  return {
    page: (run, key, after, limit) =>
      after === undefined
        ? sql.query<Point>(
            `select timestamp, step, value from millwright.metric where run = $1 and key = $2
             order by timestamp, step, value limit $3`,
            [run, key, limit],
          )
        : sql.query<Point>(
            `select timestamp, step, value from millwright.metric
             where run = $1 and key = $2 and (timestamp, step, value) > ($4::bigint, $5::bigint, $6::float8)
             order by timestamp, step, value limit $3`,
            [run, key, limit, after.timestamp, after.step, after.value],
          ),
    ofRuns: (runs, key, limit) =>
      sql.query<RunPoint>(
        `select (r.n - 1)::integer as run, m.timestamp, m.step, m.value
         from unnest($1::bigint[]) with ordinality r (seq, n)
         cross join lateral (
           select timestamp, step, value from millwright.metric
           where run = r.seq and key = $2 order by timestamp, step, value limit $3
         ) m order by r.n, m.timestamp, m.step, m.value limit $3`,
        [runs, key, limit],
      ),
    async steps(runs, key, { from, to }) {
      const rows = await sql.query<{ step: number; is_end: boolean }>(
        // Materialized: they are needed twice. `in` looks into a hash of them, whatever the number of steps.
        `with point as (
           select run, step from millwright.metric
           where run = any($1::bigint[]) and key = $2 and step >= coalesce($3::bigint, step) and step <= coalesce($4::bigint, step)
         ), bounds as materialized (
           select run, min(step) as first, max(step) as last from millwright.metric
           where run = any($1::bigint[]) and key = $2 group by run
         )
         select step, step in (select first from bounds union all select last from bounds) as is_end
         from point group by step order by step`,
        [runs, key, from ?? null, to ?? null],
      );
      return {
        steps: rows.map(({ step }) => step),
        ends: rows.filter(({ is_end }) => is_end).map(({ step }) => step),
      };
    },
    atSteps: (runs, key, steps, limit) =>
      sql.query<RunPoint>(
        `select (r.n - 1)::integer as run, m.timestamp, m.step, m.value
         from unnest($1::bigint[]) with ordinality r (seq, n)
         cross join lateral (
           select timestamp, step, value from millwright.metric
           where run = r.seq and key = $2 and step = any($3::bigint[]) order by step, timestamp, value limit $4
         ) m order by r.n, m.step, m.timestamp, m.value`,
        [runs, key, steps, limit],
      ),
  };
}
