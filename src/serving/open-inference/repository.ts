import type { Models } from "../predict.ts";
import type { Route, RoutedVersion } from "../route.ts";
import type { RouteTable } from "../route-table.ts";

/**
 * The model repository extension. Models are deployed and withdrawn by the registry; loading and unloading here only decides what
 * this process has in memory. A version that is not in memory still answers: the next request brings it back.
 */
export interface ModelIndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: "READY" | "UNAVAILABLE";
  readonly reason: string;
}

/** Every version a route can answer with. */
export function versionsOf({ champion, shadow, split }: Route): readonly RoutedVersion[] {
  const others =
    split === undefined
      ? []
      : split.kind === "canary"
        ? [split.version]
        : split.arms.map((arm) => arm.version);
  const all = [champion, ...(shadow === undefined ? [] : [shadow]), ...others];
  return all.filter((version, i) => all.findIndex(({ id }) => id === version.id) === i);
}

/** @param onlyReady leave out what is not in memory. */
export function repositoryIndex(
  routes: RouteTable,
  models: Pick<Models, "isLoaded">,
  onlyReady: boolean,
): ModelIndexEntry[] {
  return routes.list().flatMap((route) =>
    versionsOf(route).flatMap((version): ModelIndexEntry[] => {
      const known = { name: route.model, version: String(version.number) };
      if (models.isLoaded(version)) return [{ ...known, state: "READY", reason: "" }];
      const reason = "not in memory; the next request or a load brings it back";
      return onlyReady ? [] : [{ ...known, state: "UNAVAILABLE", reason }];
    }),
  );
}
