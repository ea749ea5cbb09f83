import type { Log } from "../lib/log.ts";
import { wordsOf } from "../lib/words-of.ts";
import type { Metrics } from "../serving/metrics.ts";
import type { Models } from "../serving/predict.ts";
import { type KnownRoutes, refreshRoutes } from "../serving/refresh-routes.ts";
import type { RouteTable } from "../serving/route-table.ts";
import type { ServingStore } from "../serving/store.ts";
import type { Snapshot } from "../storage/snapshot/snapshot.ts";

export interface RefresherParts {
  readonly routes: RouteTable;
  readonly models: Models;
  readonly log: Log;
  readonly counters: Metrics;
  readonly store: ServingStore | undefined;
  readonly kept: Snapshot<KnownRoutes>;
  readonly everyMs: number;
}

/** Keeps the route table like the database; starts from the snapshot, and never waits for the database to do so. */
export async function routeRefresher(parts: RefresherParts) {
  const { routes, log, store } = parts;
  const known = await parts.kept.read();
  let change = known?.change ?? 0;
  for (const route of known?.routes ?? []) routes.set(route);
  const retryAt = new Map<string, number>();
  let ready = known !== undefined;
  let running: Promise<void> | undefined;
  let failing = false;

  async function once(): Promise<void> {
    if (store === undefined) return;
    const result = await refreshRoutes(
      { ...parts, store, clock: { now: Date.now }, retryAt, warmUpTo: 500 },
      { change },
    );
    change = result.change;
    if (result.changed || !ready) await parts.kept.write({ change, routes: routes.list() });
    ready = true;
    if (failing) log.info("routes can be read again");
    failing = false;
  }
  const start = (): Promise<void> => {
    running ??= once().finally(() => {
      running = undefined;
    });
    return running;
  };
  /** Sees what was changed before the call: a refresh that runs already may have looked too early. */
  const refresh = async (): Promise<void> => {
    await running?.catch(() => undefined);
    await start();
  };
  const tick = (): void => {
    start().catch((error: unknown) => {
      parts.counters.count("refresh_failures");
      if (!failing)
        log.warn("routes cannot be read; serving what is known", { why: wordsOf(error) });
      failing = true;
    });
  };
  const timer = setInterval(tick, parts.everyMs);
  tick();
  return { refresh, ready: () => ready, stop: () => clearInterval(timer) };
}
