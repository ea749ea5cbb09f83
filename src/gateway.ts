import { randomFillSync } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { eventLog } from "./engine/events.ts";
import { MillwrightError } from "./errors.ts";
import type { HttpRoute } from "./http/http.ts";
import { openServer } from "./http/server.ts";
import type { Digest } from "./lib/digest.ts";
import { newId } from "./lib/ids.ts";
import type { Json } from "./lib/json.ts";
import type { Log } from "./lib/log.ts";
import type { Signature } from "./onnx/signature.ts";
import { openPredictionLog, type PredictionLogOptions } from "./prediction-log.ts";
import { type Batched, batched } from "./runtime/batched.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { type Sessions, type SessionsOptions, sessions } from "./runtime/sessions.ts";
import { loadModel } from "./serving/load-model.ts";
import { type Metrics, metrics } from "./serving/metrics.ts";
import { statistics } from "./serving/open-inference/statistics.ts";
import type { ModelInput, Models } from "./serving/predict.ts";
import { protocolError } from "./serving/protocol-errors.ts";
import { type KnownRoutes, refreshRoutes } from "./serving/refresh-routes.ts";
import { type RouteTable, routeTable } from "./serving/route-table.ts";
import { servingRoutes } from "./serving/routes.ts";
import { knownFields, type RawRow, type ScoredRow } from "./serving/rows.ts";
import { score } from "./serving/score.ts";
import { type ShadowInput, shadow } from "./serving/shadow.ts";
import { type ServingStore, servingStore } from "./serving/store.ts";
import type { Blobs } from "./storage/blobs/blobs.ts";
import type { JournalOptions } from "./storage/journal/journal.ts";
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
  /** What happens when the log's disk is full, and when that is. */
  readonly logSpace?: Pick<PredictionLogOptions, "whenFull" | "limits" | "lookEveryMs"> | undefined;
  readonly sessions?: SessionsOptions;
}

export interface Gateway {
  readonly url: string;
  /** Stops accepting, answers what is in flight, closes the journal. */
  close(): Promise<void>;
}

/** Rows whose shadow may wait; beyond, the shadow skips rows (counted) rather than slow the champion. */
const MAX_SHADOW_ROWS = 20_000;

/** Online predictions of one process: routes from the database or the snapshot, models from blobs, every answer in the journal. */
export async function openGateway(parts: GatewayParts, options: GatewayOptions): Promise<Gateway> {
  const { log } = parts;
  const counters = metrics();
  const routes = routeTable();
  const loaded = sessions((onnx: Digest) => loadModel(parts, onnx), options.sessions);
  const { models, batches } = servingModels(loaded);
  const predictionLog = await openPredictionLog(
    { log, counters, announce: announcer(parts.sql) },
    {
      ...options.logSpace,
      dataDir: options.dataDir,
      journal: options.journal,
      keep: options.predictionLog ?? "durable",
    },
  );
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
  const afterwards = shadowQueue((input) => shadow({ models, log: predictionLog, clock }, input), {
    counters,
    log,
  });
  const chance = cryptographicChance();

  const server = await openServer({
    ...options,
    log,
    onAnswer: counters.countRequest,
    errorBody: protocolError,
    routes: withHot(
      servingRoutes({
        routes,
        models,
        log: predictionLog,
        clock,
        afterwards: afterwards.add,
        newPredictionId: () => newId("pred", Date.now(), chance),
        about: { name: "millwright", version: parts.version },
        statistics: statistics(),
        ready: refresher.ready,
        refresh: refresher.refresh,
        pause: (ms) => pause(ms),
        metrics: () =>
          counters.render({
            queued_rows: batches.queuedRows,
            shadow_queued_rows: afterwards.queuedRows(),
            ...predictionLog.gauges(),
            models_loaded: loaded.loaded,
            models_loaded_bytes: loaded.loadedBytes,
            models_routed: routes.size,
          }),
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
      await predictionLog.close();
      await loaded.close();
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

/** Tells the others what happened here, when the database is there. */
const announcer =
  (sql: Sql | undefined) =>
  async (type: string, payload: Json): Promise<void> => {
    if (sql === undefined) return;
    await eventLog(sql).append({ type, subject: hostname(), payload, at: Date.now() });
  };

function servingModels(loaded: Sessions<Signature>): {
  models: Models;
  batches: Batched<Digest, RawRow, ScoredRow>;
} {
  const batches = batched((onnx: Digest, rows: readonly RawRow[]) =>
    score({ sessions: loaded }, { onnx, rows }),
  );
  /** Per signature and fields object: a new route or a reloaded model gets new ones. */
  const inputs = new WeakMap<Signature, WeakMap<object, ModelInput>>();
  return {
    batches,
    models: {
      input: (version, fields) =>
        loaded.use(version.onnx, async ({ about: signature }) => {
          const perFields = inputs.get(signature) ?? new WeakMap<object, ModelInput>();
          inputs.set(signature, perFields);
          const input = perFields.get(fields) ?? {
            signature,
            known: knownFields(signature, fields),
          };
          perFields.set(fields, input);
          return input;
        }),
      score: (version, rows) => batches.run(version.onnx, rows),
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

/** Shadow runs happen one request at a time, behind the answers. */
function shadowQueue(
  run: (input: ShadowInput) => Promise<{ logged: number; unreadable: number }>,
  { counters, log }: { counters: Metrics; log: Log },
) {
  let last: Promise<void> = Promise.resolve();
  let rows = 0;
  const one = async (input: ShadowInput): Promise<void> => {
    try {
      const { logged, unreadable } = await run(input);
      counters.count("shadow_predictions", logged);
      counters.count("shadow_failures", unreadable);
    } catch (error) {
      counters.count("shadow_failures", input.records.length);
      log.warn("shadow failed", { version: input.version.number, why: wordsOf(error) });
    } finally {
      rows -= input.records.length;
    }
  };
  return {
    queuedRows: () => rows,
    drained: () => last,
    add(input: ShadowInput): void {
      if (rows + input.records.length > MAX_SHADOW_ROWS && rows > 0) {
        counters.count("shadow_skipped", input.records.length);
        return;
      }
      rows += input.records.length;
      last = last
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => one(input));
    },
  };
}

/** Uniform in [0, 1) from the system's generator, 4 KiB at a time. */
function cryptographicChance(): () => number {
  const pool = new Uint32Array(1024);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    return pool[at++]! / 2 ** 32;
  };
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
