import type { Route } from "./route.ts";

/** The routes of one gateway process. Changes are seen by the next request; requests in flight keep the route they began with. */
export interface RouteTable {
  get(model: string): Route | undefined;
  /** Sorted by model. */
  list(): readonly Route[];
  set(route: Route): void;
  remove(model: string): void;
  readonly size: number;
}

export function routeTable(): RouteTable {
  const routes = new Map<string, Route>();
  return {
    get: (model) => routes.get(model),
    list: () => [...routes.values()].sort((a, b) => (a.model < b.model ? -1 : 1)),
    set: (route) => routes.set(route.model, route),
    remove: (model) => routes.delete(model),
    get size() {
      return routes.size;
    },
  };
}
