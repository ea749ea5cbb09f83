import type { Route } from "./route.ts";

/** What a version does in its model's route, in words; undefined: nothing. */
export function roleIn(route: Route | undefined, version: string): string | undefined {
  if (route?.champion?.id === version) return "it is champion: it answers predictions";
  if (route?.shadow?.id === version) return "it answers beside the champion, in shadow";
  const { split } = route ?? {};
  const arms = split?.kind === "canary" ? [split] : (split?.arms ?? []);
  return arms.some((arm) => arm.version.id === version)
    ? `it answers a part of the requests (${split?.kind})`
    : undefined;
}
