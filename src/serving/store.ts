import type { Sql } from "../storage/sql/sql.ts";
import type { RouteChange } from "./refresh-routes.ts";
import type { Route, RoutedVersion, RowFields, Split } from "./route.ts";

export interface RouteRequest extends Omit<Route, "revision"> {
  /** In words: what changes the route, and why. */
  readonly reason: string;
  /** Who does: a run (`run_…`), `control`, `command line`. */
  readonly by?: string | undefined;
}

/** One line of a route's history, newest first. */
export interface RouteRevision {
  readonly route: Route | undefined;
  readonly revision: number;
  readonly reason: string;
  /** Who changed it; "" where that was not said. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

export type ServingStore = ReturnType<typeof servingStore>;

/** All SQL of routes. Give it a transaction's `Sql` to change a route together with something else. */
export function servingStore(sql: Sql) {
  async function addRevisions(requests: readonly RouteLine[]): Promise<number[]> {
    return sql.transact(async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtext('millwright.route'))");
      const rows = await tx.query<{ revision: number }>(
        `insert into millwright.route
           (model, revision, champion, shadow, split, fallback, deadline_ms, fields, reason, changed_by)
         select line->>'model', coalesce((select max(revision) from millwright.route r where r.model = line->>'model'), 0) + 1,
           line->'champion', line->'shadow', line->'split', line->'fallback', (line->>'deadlineMs')::float8,
           line->'fields', line->>'reason', coalesce(line->>'by', '')
         from jsonb_array_elements($1::jsonb) with ordinality as given (line, place) order by place
         returning revision`,
        [JSON.stringify(requests)],
      );
      return rows.map(({ revision }) => revision);
    });
  }

  return {
    /** The route as it will be served: gateways take it over within a second. */
    async setRoute(request: RouteRequest): Promise<Route> {
      const line = lineOf(request);
      const [revision] = await addRevisions([line]);
      const { reason: _, by: __, ...route } = line;
      return { ...route, revision: revision! };
    },

    /** Many models at once: the members of a family. Each comes once. */
    async setRoutes(requests: readonly RouteRequest[]): Promise<void> {
      await addRevisions(requests.map(lineOf));
    },

    /** The model is not served any more. */
    async removeRoute(model: string, reason: string): Promise<void> {
      await addRevisions([{ model, fields: {}, reason }]);
    },

    async removeRoutes(models: readonly string[], reason: string): Promise<void> {
      await addRevisions(models.map((model) => ({ model, fields: {}, reason })));
    },

    async route(model: string): Promise<Route | undefined> {
      const [row] = await sql.query<RouteRow>(
        "select * from millwright.route where model = $1 order by revision desc limit 1",
        [model],
      );
      return row && routeOf(row);
    },

    /** Of many models as they are now, by name; those that are not served are left out. */
    async routesOf(models: readonly string[]): Promise<Route[]> {
      const rows = await sql.query<RouteRow>(
        `select distinct on (model) * from millwright.route
         where model = any($1::text[]) order by model, revision desc`,
        [models],
      );
      return rows.flatMap((row) => routeOf(row) ?? []);
    },

    /** A version that answers or once answered, and for which model: also of members of a family, which no registry knows. */
    async versionServed(
      id: string,
    ): Promise<{ readonly model: string; readonly version: RoutedVersion } | undefined> {
      const [row] = await sql.query<{ model: string; version: RoutedVersion }>(
        `select model, champion as version from millwright.route
         where champion->>'id' = $1 order by change desc limit 1`,
        [id],
      );
      return row;
    },

    /** As it was at a revision; undefined when there was none, or the model was not served. */
    async routeAt(model: string, revision: number): Promise<Route | undefined> {
      const [row] = await sql.query<RouteRow>(
        "select * from millwright.route where model = $1 and revision = $2",
        [model, revision],
      );
      return row && routeOf(row);
    },

    /** Inside a transaction: until its end nobody else changes any route. Ask before you look at other models' routes. */
    async lockRoutes(): Promise<void> {
      await sql.query("select pg_advisory_xact_lock(hashtext('millwright.route'))");
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
        by: row.changed_by,
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

type RouteLine = Pick<RouteRequest, "model" | "fields" | "reason"> & Partial<RouteRequest>;

interface RouteRow {
  readonly model: string;
  readonly revision: number;
  readonly change: number;
  readonly champion: RoutedVersion | null;
  readonly shadow: RoutedVersion | null;
  readonly split: Split | null;
  readonly fallback: readonly string[] | null;
  readonly deadline_ms: number | null;
  readonly fields: RowFields;
  readonly reason: string;
  readonly changed_by: string;
  readonly changed_at: number;
}

function routeOf(row: RouteRow): Route | undefined {
  const { model, champion, shadow, split, fallback, deadline_ms, fields, revision } = row;
  if (champion === null && fallback === null) return undefined;
  return {
    ...{ model, champion: champion ?? undefined, shadow: shadow ?? undefined, fields, revision },
    ...(split === null ? {} : { split }),
    ...(fallback === null ? {} : { fallback }),
    ...(deadline_ms === null ? {} : { deadlineMs: deadline_ms }),
  };
}

/** A ModelVersion is a RoutedVersion with much more, which has no place in a route. */
function lineOf(request: RouteRequest): RouteRequest {
  const { model, champion, shadow, split, fallback, deadlineMs, fields, reason, by } = request;
  return {
    ...{ model, champion: champion && routed(champion), shadow: shadow && routed(shadow) },
    ...{ fields, reason },
    ...(by === undefined ? {} : { by }),
    ...(split === undefined ? {} : { split: routedSplit(split) }),
    ...(fallback === undefined || fallback.length === 0 ? {} : { fallback }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}

const routedSplit = (split: Split): Split =>
  split.kind === "canary"
    ? { ...split, version: routed(split.version) }
    : split.kind === "weights"
      ? { ...split, arms: split.arms.map((a) => ({ ...a, version: routed(a.version) })) }
      : { ...split, arms: split.arms.map((a) => ({ ...a, version: routed(a.version) })) };

const routed = (version: RoutedVersion): RoutedVersion => {
  const { id, number, onnx, over, abstain, background } = version;
  return { ...{ id, number, onnx, abstain, background }, ...(over ? { over } : {}) };
};
