import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Models } from "./predict.ts";
import type { Route, RoutedVersion } from "./route.ts";
import type { RouteTable } from "./route-table.ts";
import { hasChampion, servedVersions } from "./routing.ts";

/** A change of a model's route: the new route, or that it has none any more. `change` counts through all models. */
export interface RouteChange {
  readonly change: number;
  readonly model: string;
  readonly route: Route | undefined;
}

/** What a gateway knows of the routes; kept on its disk, so that it can start without the database. */
export interface KnownRoutes {
  /** Every change up to this one is taken over. */
  readonly change: number;
  readonly routes: readonly Route[];
}

export interface RefreshRoutesDeps {
  readonly store: {
    lastChange(): Promise<number>;
    changedRoutes(since: number): Promise<readonly RouteChange[]>;
  };
  readonly routes: RouteTable;
  readonly models: Models;
  readonly log: Log;
  /** New versions are loaded before the switch while no more than so many models have routes; beyond, by their first caller. */
  readonly warmUpTo: number;
  readonly clock: Clock;
  /** Routes that could not be taken over: when to try again, by model and revision. Kept between refreshes. */
  readonly retryAt: Map<string, number>;
}

/** A model that cannot be loaded costs time at every attempt. */
const RETRY_MS = 10_000;

/**
 * Takes over what has changed: a new version is loaded and warm before its route switches, so no request waits or fails for
 * it. A champion that cannot be loaded leaves the old route in place, and is tried again later.
 */
export async function refreshRoutes(
  deps: RefreshRoutesDeps,
  known: { readonly change: number },
): Promise<{ readonly change: number; readonly changed: boolean }> {
  const newest = await deps.store.lastChange();
  if (newest === known.change) return { change: newest, changed: false };
  // A database that knows less than we do is another one: what we know is of no use.
  const since = newest < known.change ? 0 : known.change;
  if (since < known.change) for (const { model } of deps.routes.list()) deps.routes.remove(model);
  const changes = await deps.store.changedRoutes(since);
  let failedFrom = Number.POSITIVE_INFINITY;
  for (const { change, model, route } of changes)
    if (route === undefined) deps.routes.remove(model);
    else if (!(await takeOver(deps, route))) failedFrom = Math.min(failedFrom, change);
  const last = changes.at(-1)?.change ?? newest;
  return { change: Math.min(last, failedFrom - 1), changed: true };
}

/** False when the new version cannot be loaded and an older one keeps answering. */
async function takeOver(deps: RefreshRoutesDeps, route: Route): Promise<boolean> {
  const current = deps.routes.get(route.model);
  if (current !== undefined && current.revision >= route.revision) return true;
  const warm = deps.routes.size < deps.warmUpTo;
  const replaces = current?.champion !== undefined;
  if (warm && replaces && !(await canAnswer(deps, route))) return false;
  const { champion } = route;
  if (warm)
    for (const version of servedVersions(route))
      if (version !== champion) await canLoad(deps, route, version);
  deps.routes.set(route);
  deps.log.info("route changed", {
    model: route.model,
    revision: route.revision,
    champion: champion?.number,
    shadow: route.shadow?.number,
    split: route.split?.kind,
    fallback: route.fallback,
  });
  if (warm && !replaces && champion !== undefined) await canLoad(deps, route, champion);
  return true;
}

async function canAnswer(deps: RefreshRoutesDeps, route: Route): Promise<boolean> {
  const attempt = `${route.model}/${route.revision}`;
  if (deps.clock.now() < (deps.retryAt.get(attempt) ?? 0)) return false;
  if (!hasChampion(route) || (await canLoad(deps, route, route.champion)))
    return deps.retryAt.delete(attempt) || true;
  deps.retryAt.set(attempt, deps.clock.now() + RETRY_MS);
  return false;
}

async function canLoad(
  { models, log }: RefreshRoutesDeps,
  route: Route,
  version: RoutedVersion,
): Promise<boolean> {
  try {
    await models.input(version, route.fields);
    return true;
  } catch (error) {
    log.error("version cannot be loaded", {
      model: route.model,
      version: version.number,
      error: error instanceof Error ? error.message : String(error),
    });
    return false;
  }
}
