import { MillwrightError } from "../errors.ts";
import type { Variant } from "./prediction.ts";
import type { Route, RoutedVersion } from "./route.ts";
import type { RouteTable } from "./route-table.ts";

export interface Decision {
  readonly version: RoutedVersion;
  readonly variant: Exclude<Variant, "shadow">;
  /** Runs on the same rows after the answer. */
  readonly shadow: RoutedVersion | undefined;
}

/**
 * Who answers. Without a wish the champion does, with the shadow beside it.
 * @param wanted a version's number or digest. Throws `not_found` when it is not served here.
 */
export function decide(route: Route, wanted?: string): Decision {
  if (wanted === undefined || isVersion(route.champion, wanted))
    return { version: route.champion, variant: "champion", shadow: route.shadow };
  if (route.shadow !== undefined && isVersion(route.shadow, wanted))
    return { version: route.shadow, variant: "requested", shadow: undefined };
  const served = [route.champion, ...(route.shadow ? [route.shadow] : [])];
  throw new MillwrightError(
    "not_found",
    `Version ${wanted.slice(0, 100)} of ${route.model} is not served; served: ${served.map((v) => v.number).join(", ")}.`,
  );
}

/** Throws `not_found`, naming what there is. */
export function routeOf(routes: RouteTable, model: string): Route {
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

const isVersion = (version: RoutedVersion, wanted: string): boolean =>
  version.id === wanted || String(version.number) === wanted;
