import type { Models } from "../predict.ts";
import type { RouteTable } from "../route-table.ts";
import { servedVersions } from "../routing.ts";

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

/** @param onlyReady leave out what is not in memory. */
export function repositoryIndex(
  routes: RouteTable,
  models: Pick<Models, "isLoaded">,
  onlyReady: boolean,
): ModelIndexEntry[] {
  return routes.list().flatMap((route) =>
    servedVersions(route).flatMap((version): ModelIndexEntry[] => {
      const known = { name: route.model, version: String(version.number) };
      if (models.isLoaded(version)) return [{ ...known, state: "READY", reason: "" }];
      const reason = "not in memory; the next request or a load brings it back";
      return onlyReady ? [] : [{ ...known, state: "UNAVAILABLE", reason }];
    }),
  );
}
