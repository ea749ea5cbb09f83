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

const MAX_KEEP_MS = 5000;
const KEEP_MS_A_ROUTE = 0.5;

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
    if (result.changed || !ready) keep();
    ready = true;
    if (failing) log.info("routes can be read again");
    failing = false;
  }
  /**
   * Written at once while there are few; with thousands, the file would be written again and again while models are deployed.
   * A gateway that is killed before it wrote starts with the routes of some seconds ago, and asks the database for the rest.
   */
  let unkept: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  function keep(): void {
    unkept ??= setTimeout(write, Math.min(MAX_KEEP_MS, routes.size * KEEP_MS_A_ROUTE));
  }
  function write(): void {
    clearTimeout(unkept);
    unkept = undefined;
    writing = parts.kept.write({ change, routes: routes.list() }).catch((error: unknown) => {
      log.warn("the routes could not be written to the disk", { why: wordsOf(error) });
    });
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
  return {
    refresh,
    ready: () => ready,
    async stop() {
      clearInterval(timer);
      if (unkept !== undefined) write();
      await writing;
    },
  };
}
