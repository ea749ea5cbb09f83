import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { loadExplainer } from "./explanation/load-explainer.ts";
import { servingModels } from "./gateway/models.ts";
import { predictionIds } from "./gateway/prediction-ids.ts";
import { routeRefresher } from "./gateway/route-refresher.ts";
import { shadowQueue } from "./gateway/shadow-queue.ts";
import { openGrpcServer } from "./grpc/server.ts";
import type { HttpRoute } from "./http/http.ts";
import { withOpenApi } from "./http/openapi.ts";
import { openServer } from "./http/server.ts";
import type { Digest } from "./lib/digest.ts";
import type { Log } from "./lib/log.ts";
import { wordsOf } from "./lib/words-of.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { type SessionsOptions, sessions } from "./runtime/sessions.ts";
import { explain, explainedBy } from "./serving/explain.ts";
import { loadModel } from "./serving/load-model.ts";
import { logStore } from "./serving/log/store.ts";
import { metrics } from "./serving/metrics.ts";
import { openInferenceMethods } from "./serving/open-inference/methods.ts";
import { statistics } from "./serving/open-inference/statistics.ts";
import type { PredictionLog } from "./serving/predict.ts";
import { protocolError } from "./serving/protocol-errors.ts";
import type { KnownRoutes } from "./serving/refresh-routes.ts";
import { resting } from "./serving/resting.ts";
import { routeTable } from "./serving/route-table.ts";
import { gatewayApi, type ServingDeps, servingRoutes } from "./serving/routes.ts";
import { shadow } from "./serving/shadow.ts";
import { type Shipped, ship } from "./serving/ship.ts";
import { servingStore } from "./serving/store.ts";
import type { Blobs } from "./storage/blobs/blobs.ts";
import type { Columns } from "./storage/columns/columns.ts";
import { type JournalOptions, openJournal } from "./storage/journal/journal.ts";
import { journalsIn } from "./storage/journal/segments.ts";
import { snapshot } from "./storage/snapshot/snapshot.ts";
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
  /** The Open Inference Protocol over gRPC; 0 picks a free one. None when left out. */
  readonly grpcPort?: number | undefined;
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
}

export interface Gateway {
  readonly url: string;
  /** Where gRPC is answered, e.g. `127.0.0.1:7402`. */
  readonly grpc: string | undefined;
  /** Stops accepting, answers what is in flight, closes the journal. */
  close(): Promise<void>;
}

/** Models ready to be explained: made when somebody first asks why. */
const EXPLAINERS_KEPT: SessionsOptions = { maxBytes: 256 * 1024 * 1024, maxModels: 200 };

/** Records written as JSON in one go: about 5 ms. */
const LOG_TURN = 1000;

/** Online predictions of one process: routes from the database or the snapshot, models from blobs, every answer in the journal. */
export async function openGateway(parts: GatewayParts, options: GatewayOptions): Promise<Gateway> {
  const { log } = parts;
  const counters = metrics();
  const routes = routeTable();
  const loaded = sessions((onnx: Digest) => loadModel(parts, onnx), options.sessions);
  const explainers = sessions(
    (key: Digest) => loadExplainer(parts, explainedBy(key)),
    EXPLAINERS_KEPT,
  );
  const { models, batches } = servingModels(loaded, (version, rows) =>
    explain({ explainers, breathe }, { version, rows }),
  );
  const journal = await openJournal(journalRoot(options.dataDir), options.journal);
  const logged = options.predictionLog !== "off";
  const predictionLog: PredictionLog = {
    async append(records) {
      for (let at = 0; at < records.length; at += LOG_TURN) {
        const part = records.length <= LOG_TURN ? records : records.slice(at, at + LOG_TURN);
        if (logged) await journal.append(part.map((record) => JSON.stringify(record)));
        counters.count(part[0]!.kind === "feedback" ? "feedback" : "predictions", part.length);
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
  const afterwards = shadowQueue((input) => shadow({ models, log: predictionLog, clock }, input), {
    counters,
    log,
  });

  const serving: ServingDeps = {
    routes,
    models,
    log: predictionLog,
    clock,
    afterwards: afterwards.add,
    alarm,
    count: counters.count,
    resting: resting(),
    newPredictionId: predictionIds(),
    about: { name: "millwright", version: parts.version },
    statistics: statistics(),
    ready: refresher.ready,
    refresh: refresher.refresh,
    pause: (ms) => pause(ms),
    metrics: () =>
      counters.render({
        queued_rows: batches.queuedRows,
        shadow_queued_rows: afterwards.queuedRows(),
        journal_pending_bytes: journal.pendingBytes,
        models_loaded: loaded.loaded,
        models_loaded_bytes: loaded.loadedBytes,
        models_routed: routes.size,
      }),
  };
  const server = await openServer({
    ...options,
    log,
    onAnswer: counters.countRequest,
    errorBody: protocolError,
    routes: withOpenApi(withHot(servingRoutes(serving)), gatewayApi(parts.version)),
  });
  const grpc = await openGrpcServer({
    ...{ ...options, log, port: options.grpcPort, onAnswer: counters.countRequest },
    methods: openInferenceMethods(serving),
  }).catch((error) => server.close().then(() => Promise.reject(error)));
  log.info("gateway listens", { url: server.url, ...(grpc && { grpc: grpc.address }) });
  return {
    url: server.url,
    grpc: grpc?.address,
    async close() {
      refresher.stop();
      await Promise.all([server.close(), grpc?.close()]);
      await afterwards.drained();
      await journal.close();
      await loaded.close();
      await explainers.close();
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
    store: logStore(parts.sql),
    journals: journalsIn(journalRoot(options.dataDir)),
    breathe,
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

function alarm(ms: number): { readonly rings: Promise<void>; stop(): void } {
  let timer: ReturnType<typeof setTimeout>;
  const rings = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { rings, stop: () => clearTimeout(timer) };
}
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
