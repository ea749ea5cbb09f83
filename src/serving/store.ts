import type { Sql } from "../storage/sql/sql.ts";
import type { RouteChange } from "./refresh-routes.ts";
import type { Route, RoutedVersion, RowFields } from "./route.ts";

export interface RouteRequest {
  readonly model: string;
  readonly champion: RoutedVersion;
  readonly shadow: RoutedVersion | undefined;
  readonly fields: RowFields;
  /** In words: who or what changes the route, and why. */
  readonly reason: string;
}

/** One line of a route's history, newest first. */
export interface RouteRevision {
  readonly route: Route | undefined;
  readonly revision: number;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

export type ServingStore = ReturnType<typeof servingStore>;

/** All SQL of routes. Give it a transaction's `Sql` to change a route together with something else. */
export function servingStore(sql: Sql) {
  async function addRevision(
    model: string,
    reason: string,
    columns: readonly (RoutedVersion | RowFields | undefined)[],
  ): Promise<number> {
    return sql.transact(async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtext('millwright.route'))");
      const [row] = await tx.query<{ revision: number }>(
        `insert into millwright.route (model, revision, champion, shadow, fields, reason)
         select $1, coalesce(max(revision), 0) + 1, $2, $3, $4, $5 from millwright.route where model = $1
         returning revision`,
        [model, ...columns.map((c) => (c === undefined ? null : JSON.stringify(c))), reason],
      );
      return row!.revision;
    });
  }

  return {
    /** The route as it will be served: gateways take it over within a second. */
    async setRoute(request: RouteRequest): Promise<Route> {
      const { model, fields, reason } = request;
      const champion = routed(request.champion);
      const shadow = request.shadow === undefined ? undefined : routed(request.shadow);
      const revision = await addRevision(model, reason, [champion, shadow, fields]);
      return { model, champion, shadow, fields, revision };
    },

    /** The model is not served any more. */
    async removeRoute(model: string, reason: string): Promise<void> {
      await addRevision(model, reason, [undefined, undefined, {}]);
    },

    async route(model: string): Promise<Route | undefined> {
      const [row] = await sql.query<RouteRow>(
        "select * from millwright.route where model = $1 order by revision desc limit 1",
        [model],
      );
      return row && routeOf(row);
    },

    async routeHistory(model: string, limit = 100): Promise<RouteRevision[]> {
      const rows = await sql.query<RouteRow>(
        "select * from millwright.route where model = $1 order by revision desc limit $2",
        [model, limit],
      );
      return rows.map((row) => ({
        route: routeOf(row),
        revision: row.revision,
        reason: row.reason,
        changedAt: row.changed_at,
      }));
    },

    /** 0 while no route was ever set. */
    async lastChange(): Promise<number> {
      const [row] = await sql.query<{ last: number }>(
        "select coalesce(max(change), 0) as last from millwright.route",
      );
      return row!.last;
    },

    /** The latest change of each model after `since`, oldest first. */
    async changedRoutes(since: number): Promise<RouteChange[]> {
      const rows = await sql.query<RouteRow>(
        `select * from (
           select distinct on (model) * from millwright.route
           where change > $1 order by model, revision desc
         ) latest order by change`,
        [since],
      );
      return rows.map((row) => ({ change: row.change, model: row.model, route: routeOf(row) }));
    },
  };
}

interface RouteRow {
  readonly model: string;
  readonly revision: number;
  readonly change: number;
  readonly champion: RoutedVersion | null;
  readonly shadow: RoutedVersion | null;
  readonly fields: RowFields;
  readonly reason: string;
  readonly changed_at: number;
}

const routeOf = ({ model, champion, shadow, fields, revision }: RouteRow): Route | undefined =>
  champion === null
    ? undefined
    : { model, champion, shadow: shadow ?? undefined, fields, revision };

/** A ModelVersion is a RoutedVersion with much more, which has no place in a route. */
const routed = (version: RoutedVersion): RoutedVersion => {
  const { id, number, onnx, abstain, background } = version;
  return { id, number, onnx, abstain, background };
};
