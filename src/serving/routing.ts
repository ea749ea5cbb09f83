import { MillwrightError } from "../errors.ts";
import type { Variant } from "./prediction.ts";
import type { Route, RoutedVersion, ServedRoute } from "./route.ts";
import type { RouteTable } from "./route-table.ts";

export interface Decision {
  readonly version: RoutedVersion;
  readonly variant: Exclude<Variant, "shadow">;
  /** Runs on the same rows after the answer. */
  readonly shadow: RoutedVersion | undefined;
}

/** Levels of a family below which nobody is asked; a longer chain is refused when the route is set. */
export const MOST_LEVELS = 8;

/**
 * Who speaks for a model when nothing is divided. Without a wish the champion does, with the shadow beside it.
 * @param wanted a version's number or digest, or what it is here: champion, canary, challenger, shadow. Throws `not_found`
 * when it is not served here.
 */
export function decide(route: ServedRoute, wanted?: string): Decision {
  const { champion: own, shadow, split } = route;
  if (wanted === undefined || wanted === "champion" || isVersion(own, wanted)) {
    const named = wanted !== undefined && split !== undefined;
    return { version: own, variant: named ? "requested" : "champion", shadow };
  }
  const version =
    versionAs(route, wanted) ?? servedVersions(route).find((v) => isVersion(v, wanted));
  if (version !== undefined) return { version, variant: "requested", shadow: undefined };
  const served = servedVersions(route).map((v) => v.number);
  throw new MillwrightError(
    "not_found",
    `Version ${wanted.slice(0, 100)} of ${route.model} is not served; served: ${served.join(", ")}.`,
  );
}

/** Every version the route names, the champion first, each once. */
export function servedVersions({ champion, shadow, split }: Route): RoutedVersion[] {
  const all = [champion, ...splitVersions(split), shadow].filter((v) => v !== undefined);
  return all.filter((v, i) => all.findIndex((other) => other.id === v.id) === i);
}

const splitVersions = (split: Route["split"]): RoutedVersion[] =>
  split === undefined
    ? []
    : split.kind === "canary"
      ? [split.version]
      : split.arms.map((arm) => arm.version);

function versionAs({ shadow, split }: Route, name: string): RoutedVersion | undefined {
  const canary = split?.kind === "canary" ? split.version : undefined;
  if (name === "shadow") return shadow;
  if (name === "canary") return canary;
  return name === "challenger" ? (canary ?? shadow) : undefined;
}

/** The model's own route. Throws `not_found`, naming what there is. */
export function knownRoute(routes: RouteTable, model: string): Route {
  const route = routes.get(model);
  if (route !== undefined) return route;
  const known =
    routes.size > 20
      ? `${routes.size} others are; GET /models lists them.`
      : `Deployed: ${
          routes
            .list()
            .map((r) => r.model)
            .join(", ") || "none yet; promote a version"
        }.`;
  throw new MillwrightError(
    "not_found",
    `No model ${JSON.stringify(model.slice(0, 100))} is deployed. ${known}`,
  );
}

/**
 * Who speaks for a model: its own route or, for a member of a family without a version, its first fallback's under the
 * member's name. Throws `not_found`, naming what there is.
 */
export function routeOf(routes: RouteTable, model: string): ServedRoute {
  const route = knownRoute(routes, model);
  if (hasChampion(route)) return route;
  const [speaker] = chainOf(routes, route);
  if (speaker !== undefined) return { ...speaker, model };
  throw new MillwrightError(
    "not_found",
    `Model ${JSON.stringify(model)} has no version of its own, and none of its fallbacks (${route.fallback?.join(", ") || "none"}) is deployed.`,
  );
}

export const hasChampion = (route: Route): route is ServedRoute => route.champion !== undefined;

/** Nothing to divide, nobody to stand in, no deadline: the champion answers every row. */
export const isSimple = (route: Route): route is ServedRoute =>
  hasChampion(route) &&
  route.split === undefined &&
  route.fields.levels === undefined &&
  route.fallback === undefined &&
  route.deadlineMs === undefined;

/**
 * Who stands in for a model, nearest first: its fallbacks, each followed by its own, those with a version only. Levels are the
 * places in this list, from 1. A model comes once, whatever the routes say.
 */
export function chainOf(routes: Pick<RouteTable, "get">, route: Route): ServedRoute[] {
  const seen = new Set([route.model]);
  const chain: ServedRoute[] = [];
  const follow = (fallback: Route["fallback"], depth: number): void => {
    for (const name of depth < MOST_LEVELS ? (fallback ?? []) : []) {
      if (seen.has(name)) continue;
      seen.add(name);
      const next = routes.get(name);
      if (next === undefined) continue;
      if (hasChampion(next)) chain.push(next);
      follow(next.fallback, depth + 1);
    }
  };
  follow(route.fallback, 0);
  return chain;
}

const isVersion = (version: RoutedVersion, wanted: string): boolean =>
  version.id === wanted || String(version.number) === wanted;
