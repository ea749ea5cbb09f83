import type { Route } from "../serving/route.ts";
import type { RouteWish } from "./change-route.ts";

/** What to ask for to get such a route again. */
export function wishOf({ split, fallback, deadlineMs }: Route): RouteWish {
  return {
    fallback: fallback ?? null,
    deadlineMs: deadlineMs ?? null,
    split:
      split === undefined
        ? null
        : split.kind === "canary"
          ? {
              ...{ kind: "canary", version: split.version.id, percent: split.percent },
              steps: split.steps,
            }
          : split.kind === "weights"
            ? {
                kind: "weights",
                arms: split.arms.map(({ version, weight }) => ({ version: version.id, weight })),
              }
            : { kind: "bandit", arms: split.arms.map(({ version }) => ({ version: version.id })) },
  };
}
