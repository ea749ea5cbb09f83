import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MillwrightError } from "./errors.ts";
import type { HttpRoute } from "./http/http.ts";
import { requestObserver } from "./http/observer.ts";
import { openServer } from "./http/server.ts";
import { openTraces } from "./http/traces.ts";
import type { Digest } from "./lib/digest.ts";
import { newId } from "./lib/ids.ts";
import type { Log } from "./lib/log.ts";
import type { MetricsSnapshot } from "./lib/metrics.ts";
import { renderMetrics } from "./lib/render-metrics.ts";
import type { Signature } from "./onnx/signature.ts";
import { background } from "./runtime/background.ts";
import { batchWatch } from "./runtime/batch-watch.ts";
import { type Batched, batched } from "./runtime/batched.ts";
import { cryptographicChance } from "./runtime/chance.ts";
import { processMetrics } from "./runtime/process-metrics.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { type Sessions, type SessionsOptions, sessions } from "./runtime/sessions.ts";
import { loadModel } from "./serving/load-model.ts";
import { type Metrics, metrics } from "./serving/metrics.ts";
import { statistics } from "./serving/open-inference/statistics.ts";
import type { ModelInput, Models, PredictionLog } from "./serving/predict.ts";
import { presentMetrics } from "./serving/present-metrics.ts";
import { protocolError } from "./serving/protocol-errors.ts";
import { type KnownRoutes, refreshRoutes } from "./serving/refresh-routes.ts";
import { resting } from "./serving/resting.ts";
import { type RouteTable, routeTable } from "./serving/route-table.ts";
import { servingRoutes } from "./serving/routes.ts";
import { knownFields, type RawRow, type ScoredRow } from "./serving/rows.ts";
import { score } from "./serving/score.ts";
import { type ShadowInput, shadow } from "./serving/shadow.ts";
import { type Shipped, ship } from "./serving/ship.ts";
import { type ServingStore, servingStore } from "./serving/store.ts";
import type { Blobs } from "./storage/blobs/blobs.ts";
import type { Columns } from "./storage/columns/columns.ts";
import { type JournalOptions, openJournal } from "./storage/journal/journal.ts";
import { journalsIn } from "./storage/journal/segments.ts";
import { unshipped } from "./storage/journal/unshipped.ts";
import { type Snapshot, snapshot } from "./storage/snapshot/snapshot.ts";
import type { Sql } from "./storage/sql/sql.ts";

/** What a gateway stands on. The database may be away, at the start and later. */
export interface GatewayParts {
  readonly runtime: Runtime;
  readonly blobs: Blobs;
  /** undefined: serves what the snapshot says, for ever. */
  readonly sql: Sql | undefined;
  readonly log: Log;
  /** Millwright's version. */
  readonly version: string;
}

export interface GatewayOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** 127.0.0.1 when left out. */
  readonly host?: string | undefined;
  /** Needed on any other interface than loopback. */
  readonly token?: string | undefined;
  /** Journal and snapshot live here; may be shared by the gateways of one machine. */
  readonly dataDir: string;
  /** How often routes are looked up. 500 ms when left out. */
  readonly refreshMs?: number;
  /** `off`: answers leave unlogged, for whoever keeps a log of their own. `durable` when left out. */
  readonly predictionLog?: "durable" | "off";
  readonly journal?: JournalOptions;
  readonly sessions?: SessionsOptions;
  /** Share of the requests with a line in the log although nothing is wrong, 0 to 1. 0 when left out. */
  readonly accessLog?: number;
  /** OTEL_* decide whether and where traces go (http/traces.ts); none when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface Gateway {
  readonly url: string;
  /** Stops accepting, answers what is in flight, closes the journal. */
  close(): Promise<void>;
}

/** Rows whose shadow may wait; beyond, the shadow skips rows (counted) rather than slow the champion. */
const MAX_SHADOW_ROWS = 20_000;

/** Records written as JSON in one go: about 5 ms. */
const LOG_TURN = 1000;

/** Online predictions of one process: routes from the database or the snapshot, models from blobs, every answer in the journal. */
export async function openGateway(parts: GatewayParts, options: GatewayOptions): Promise<Gateway> {
  const { log } = parts;
  const routes = routeTable();
  const known = (model: string): boolean => routes.get(model) !== undefined;
  const counters = metrics(known);
  const self = processMetrics();
  const traces = await openTraces(options.environment ?? {}, {
    ...{ service: "millwright-gateway", version: parts.version },
  });
  let loads = 0;
  const loaded = sessions(async (onnx: Digest) => {
    const started = performance.now();
    const model = await loadModel(parts, onnx);
    counters.countModelLoad(performance.now() - started);
    loads++;
    return model;
  }, options.sessions);
  const { models, batches } = servingModels(loaded, counters);
  const journal = await openJournal(journalRoot(options.dataDir), options.journal);
  const logged = options.predictionLog !== "off";
  const predictionLog: PredictionLog = {
    async append(records) {
      for (let at = 0; at < records.length; at += LOG_TURN) {
        const part = records.length <= LOG_TURN ? records : records.slice(at, at + LOG_TURN);
        if (logged) await journal.append(part.map((record) => JSON.stringify(record)));
        counters.countRecords(part);
      }
    },
  };
  const clock = { now: Date.now };
  const refresher = await routeRefresher({
    routes,
    models,
    log,
    counters,
    store: parts.sql === undefined ? undefined : servingStore(parts.sql),
    kept: snapshot<KnownRoutes>(join(options.dataDir, "routes.json")),
    everyMs: options.refreshMs ?? 500,
  });
  const afterwards = background(shadowRun({ models, log: predictionLog, clock }, parts, counters), {
    maxRows: MAX_SHADOW_ROWS,
  });
  const chance = cryptographicChance();
  let evictions = 0;
  const snapshotNow = async (): Promise<MetricsSnapshot> => {
    const now = Date.now();
    const left = await unshipped(journalRoot(options.dataDir), now);
    evictions = Math.max(evictions, loads - loaded.loaded);
    return counters.snapshot([
      ...presentMetrics({
        queuedRows: batches.queuedRows,
        shadowQueuedRows: afterwards.rows,
        shadowLagMs: afterwards.lagMs(),
        journalPendingBytes: journal.pendingBytes,
        unshippedBytes: left.bytes,
        logLagMs: left.since === undefined ? undefined : now - left.since,
        modelsRouted: routes.size,
        modelsLoaded: loaded.loaded,
        modelsLoadedBytes: loaded.loadedBytes,
        modelEvictions: evictions,
      }),
      ...self.snapshot(),
    ]);
  };

  const server = await openServer({
    ...options,
    log,
    observer: requestObserver({
      ...{ log, traces, known, count: counters.countRequest },
      logShare: options.accessLog ?? 0,
    }),
    errorBody: protocolError,
    routes: withHot(
      servingRoutes({
        routes,
        models,
        log: predictionLog,
        clock,
        afterwards: (input) => {
          const rows = input.records.length;
          if (!afterwards.add(input, rows)) counters.count("shadow_skipped", rows);
        },
        alarm,
        count: counters.count,
        resting: resting(),
        newPredictionId: () => newId("pred", Date.now(), chance),
        about: { name: "millwright", version: parts.version },
        statistics: statistics(),
        ready: refresher.ready,
        refresh: refresher.refresh,
        pause: (ms) => pause(ms),
        metrics: async () => renderMetrics(await snapshotNow()),
      }),
    ),
  });
  log.info("gateway listens", { url: server.url });
  return {
    url: server.url,
    async close() {
      refresher.stop();
      await server.close();
      await afterwards.drained();
      await journal.close();
      await loaded.close();
      self.stop();
      // Nobody must wait for a collector that is away.
      await traces?.close().catch(() => undefined);
    },
  };
}

/** Where nearly all requests go. */
const HOT = new Set([
  "/models/{model}/predict",
  "/v2/models/{name}/infer",
  "/v2/models/{name}/versions/{version}/infer",
  "/models/{name}/invocations",
]);

const withHot = (routes: readonly HttpRoute[]): HttpRoute[] =>
  routes.map((route) => (HOT.has(route.path) ? { ...route, hot: true } : route));

export interface ShipperParts {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly columns: Columns;
  readonly log: Log;
}

export interface Shipper {
  shipNow(): Promise<Shipped>;
  stop(): Promise<void>;
}

/**
 * Ships the closed journal segments of every gateway with this data folder, also of those that have died. One process per
 * machine is enough (several do no harm); better not a gateway itself, for the sake of its latency.
 */
export function shipRegularly(
  parts: ShipperParts,
  options: { readonly dataDir: string; readonly everyMs?: number },
): Shipper {
  const deps = {
    ...parts,
    store: servingStore(parts.sql),
    journals: journalsIn(journalRoot(options.dataDir)),
    breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
  let last: Promise<unknown> = Promise.resolve();
  let waiting = false;
  const shipNow = (): Promise<Shipped> => {
    const next = last.then(() => ship(deps));
    last = next.catch(() => undefined);
    return next;
  };
  const timer = setInterval(() => {
    if (waiting) return;
    waiting = true;
    shipNow()
      .catch((error: unknown) =>
        parts.log.warn("the prediction log could not be shipped; it is kept and tried again", {
          why: wordsOf(error),
        }),
      )
      .finally(() => {
        waiting = false;
      });
  }, options.everyMs ?? 5000).unref();
  return {
    shipNow,
    async stop() {
      clearInterval(timer);
      await last;
    },
  };
}

/** Where the journals of all gateways with this data folder are. */
export const journalRoot = (dataDir: string): string => join(dataDir, "journal");

function servingModels(
  loaded: Sessions<Signature>,
  counters: Metrics,
): {
  models: Models;
  batches: Batched<Digest, RawRow, ScoredRow>;
} {
  const watch = batchWatch<Digest>(counters.countBatch);
  const batches = batched((onnx: Digest, rows: readonly RawRow[]) =>
    watch.run(onnx, rows.length, () => score({ sessions: loaded }, { onnx, rows })),
  );
  /** Per signature and fields object: a new route or a reloaded model gets new ones. */
  const inputs = new WeakMap<Signature, WeakMap<object, ModelInput>>();
  return {
    batches,
    models: {
      input(version, fields) {
        counters.countModelUse(loaded.isLoaded(version.onnx));
        return loaded.use(version.onnx, async ({ about: signature }) => {
          const perFields = inputs.get(signature) ?? new WeakMap<object, ModelInput>();
          inputs.set(signature, perFields);
          const input = perFields.get(fields) ?? {
            signature,
            known: knownFields(signature, fields),
          };
          perFields.set(fields, input);
          return input;
        });
      },
      score(version, rows, note) {
        watch.asked(version.onnx, note);
        return batches.run(version.onnx, rows);
      },
      isLoaded: ({ onnx }) => loaded.isLoaded(onnx),
      unload: ({ onnx }) => loaded.drop(onnx),
      explain: () =>
        Promise.reject(new MillwrightError("unsupported", "Explanations are not served yet.")),
    },
  };
}

interface RefresherParts {
  readonly routes: RouteTable;
  readonly models: Models;
  readonly log: Log;
  readonly counters: Metrics;
  readonly store: ServingStore | undefined;
  readonly kept: Snapshot<KnownRoutes>;
  readonly everyMs: number;
}

/** Keeps the route table like the database; starts from the snapshot, and never waits for the database to do so. */
async function routeRefresher(parts: RefresherParts) {
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

const shadowRun =
  (deps: Parameters<typeof shadow>[0], { log }: GatewayParts, counters: Metrics) =>
  async (input: ShadowInput): Promise<void> => {
    try {
      const { logged, unreadable } = await shadow(deps, input);
      counters.count("shadow_predictions", logged);
      counters.count("shadow_failures", unreadable);
    } catch (error) {
      counters.count("shadow_failures", input.records.length);
      log.warn("shadow failed", { version: input.version.number, why: wordsOf(error) });
    }
  };

function alarm(ms: number): { readonly rings: Promise<void>; stop(): void } {
  let timer: ReturnType<typeof setTimeout>;
  const rings = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { rings, stop: () => clearTimeout(timer) };
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
