import type { HttpRoute } from "./http.ts";

export interface LaneMatch {
  readonly route: HttpRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** A name longer than this is no model's; Fastify's router says the same. */
const MAX_PARAM = 500;

/**
 * The hot routes by path. Paths come from `readLaneHead`: plain characters, no empty segment, so no decoding is needed.
 * Throws when a hot route is not a POST, which would be a mistake of ours.
 */
export function laneRoutes(routes: readonly HttpRoute[]): (path: string) => LaneMatch | undefined {
  const byLength = new Map<number, { route: HttpRoute; segments: readonly string[] }[]>();
  for (const route of routes) {
    if (!route.hot) continue;
    if (route.method !== "POST") throw new Error(`${route.path}: only a POST can be hot`);
    const segments = route.path.split("/");
    byLength.set(segments.length, [...(byLength.get(segments.length) ?? []), { route, segments }]);
  }
  return (path) => {
    const given = path.split("/");
    for (const { route, segments } of byLength.get(given.length) ?? []) {
      const params = match(segments, given);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  };
}

function match(
  segments: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (let i = 0; i < segments.length; i++) {
    const wanted = segments[i]!;
    const is = given[i]!;
    if (wanted.startsWith("{")) {
      if (is.length > MAX_PARAM) return undefined;
      params[wanted.slice(1, -1)] = is;
    } else if (wanted !== is) return undefined;
  }
  return params;
}
