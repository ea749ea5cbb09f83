import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { eventLog } from "./engine/events.ts";
import { loadExplainer } from "./explanation/load-explainer.ts";
import { gatewaySnapshot } from "./gateway/gateway-snapshot.ts";
import { servingModels } from "./gateway/models.ts";
import { predictionIds } from "./gateway/prediction-ids.ts";
import { openPredictionLog, type PredictionLogOptions } from "./gateway/prediction-log.ts";
import { type HotModels, prefetch } from "./gateway/prefetch.ts";
import { routeRefresher } from "./gateway/route-refresher.ts";
import { shadowQueue } from "./gateway/shadow-queue.ts";
import { sharedHotModels } from "./gateway/shared-hot-models.ts";
import { type JoinSiblings, noSiblings } from "./gateway/siblings.ts";
import { openGrpcServer } from "./grpc/server.ts";
import type { Arrivals } from "./http/arrivals.ts";
import type { HttpRoute } from "./http/http.ts";
import { requestObserver } from "./http/observer.ts";
import { withOpenApi } from "./http/openapi.ts";
import { openServer } from "./http/server.ts";
import { openTraces } from "./http/traces.ts";
import type { Digest } from "./lib/digest.ts";
import type { Json } from "./lib/json.ts";
import type { Log } from "./lib/log.ts";
import { type MetricsSnapshot, mergeSnapshots } from "./lib/metrics.ts";
import { renderMetrics } from "./lib/render-metrics.ts";
import { alarm } from "./runtime/alarm.ts";
import { processMetrics } from "./runtime/process-metrics.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { sessionMemory } from "./runtime/session-memory.ts";
import { type SessionsOptions, sessions } from "./runtime/sessions.ts";
import { explain, explainedBy } from "./serving/explain.ts";
import { loadModel } from "./serving/load-model.ts";
import { metrics } from "./serving/metrics.ts";
import { openInferenceMethods } from "./serving/open-inference/methods.ts";
import { statistics } from "./serving/open-inference/statistics.ts";
import { protocolError } from "./serving/protocol-errors.ts";
import type { KnownRoutes } from "./serving/refresh-routes.ts";
import { resting } from "./serving/resting.ts";
import { routeTable } from "./serving/route-table.ts";
import { gatewayApi, type ServingDeps, servingRoutes } from "./serving/routes.ts";
import { shadow } from "./serving/shadow.ts";
import { servingStore } from "./serving/store.ts";
import type { Blobs } from "./storage/blobs/blobs.ts";
import type { JournalOptions } from "./storage/journal/journal.ts";
import { snapshot } from "./storage/snapshot/snapshot.ts";
import type { Sql } from "./storage/sql/sql.ts";
import type { State } from "./storage/state/state.ts";

/** What a gateway stands on. The database may be away, at the start and later. */
export interface GatewayParts {
  readonly runtime: Runtime;
  readonly blobs: Blobs;
  /** undefined: serves what the snapshot says, for ever. */
  readonly sql: Sql | undefined;
  /** Shared with gateways elsewhere; may be away. None when left out. */
  readonly state?: State | undefined;
  readonly log: Log;
  /** Millwright's version. */
  readonly version: string;
  /** The other processes behind the same port; none when left out. */
  readonly siblings?: JoinSiblings;
}

export interface GatewayOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** HTTP connections that another process accepted, instead of listening at `host` and `port`. */
  readonly connections?: Arrivals | undefined;
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
  /** How long to go on answering, not ready any more, before closing: for load balancers that look now and then. */
  readonly drainMs?: number;
  readonly journal?: JournalOptions;
  /** What happens when the log's disk is full, and when that is. */
  readonly logSpace?:
    | Pick<PredictionLogOptions, "whenFull" | "limits" | "lookEveryMs" | "clock">
    | undefined;
  readonly sessions?: SessionsOptions;
  /** Share of the requests with a line in the log although nothing is wrong, 0 to 1. 0 when left out. */
  readonly accessLog?: number;
  /** OTEL_* decide whether and where traces go (http/traces.ts); none when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface Gateway {
  readonly url: string;
  /** Where gRPC is answered, e.g. `127.0.0.1:7402`. */
  readonly grpc: string | undefined;
  /** Says that it is not ready, for `drainMs`; stops accepting, answers what is in flight, closes the journal. */
  close(): Promise<void>;
}

/** Models ready to be explained: made when somebody first asks why. */
const EXPLAINERS_KEPT: SessionsOptions = { maxBytes: 256 * 1024 * 1024, maxModels: 200 };

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
    return { ...model, bytes: sessionMemory(model.bytes, model.session.sharesGraph) };
  }, options.sessions);
  const explainers = sessions(
    (key: Digest) => loadExplainer(parts, explainedBy(key)),
    EXPLAINERS_KEPT,
  );
  const { models, batches } = servingModels(loaded, counters, (version, rows) =>
    explain({ explainers, breathe }, { version, rows }),
  );
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
  const shared = parts.state && sharedHotModels(parts.state, randomUUID(), log);
  const ahead = prefetch({
    shared,
    kept: snapshot<HotModels>(join(options.dataDir, "hot-models.json")),
    sessions: loaded,
    ready: refresher.ready,
    routed: () => new Set(routes.list().map(({ champion }) => champion?.onnx)),
    busy: () => batches.queuedRows > 0,
    ...{ log, everyMs: 30_000 },
  });
  const afterwards = shadowQueue((input) => shadow({ models, log: predictionLog, clock }, input), {
    counters,
    log,
  });

  const snapshotNow = gatewaySnapshot({
    ...{ counters, self, batches, routes, predictionLog },
    ...{ shadows: afterwards, sessions: loaded, loads: () => loads, shared },
  });
  const revisionOf = (model: string | undefined): number =>
    model === undefined ? Number.POSITIVE_INFINITY : (routes.get(model)?.revision ?? 0);
  const siblings = (parts.siblings ?? noSiblings)(async (question) => {
    if (question.kind === "metrics") return snapshotNow();
    if (question.kind === "unload") return loaded.drop(question.onnx);
    await refresher.refresh();
    return revisionOf(question.model);
  });
  let closing = false;

  const serving: ServingDeps = {
    routes,
    models: {
      ...models,
      unload(version) {
        models.unload(version);
        void siblings.ask({ kind: "unload", onnx: version.onnx });
      },
    },
    log: predictionLog,
    clock,
    afterwards: afterwards.add,
    alarm,
    count: counters.count,
    resting: resting(),
    newPredictionId: predictionIds(),
    about: { name: "millwright", version: parts.version },
    statistics: statistics(),
    ready: () => !closing && refresher.ready(),
    async refresh(model) {
      const [others] = await Promise.all([
        siblings.ask({ kind: "refresh", model }),
        refresher.refresh(),
      ]);
      return Math.min(revisionOf(model), ...others.map((said) => Number(said ?? 0)));
    },
    pause: (ms) => pause(ms),
    async metrics() {
      const others = await siblings.ask({ kind: "metrics" });
      const known = others.filter((said) => Array.isArray(said)) as MetricsSnapshot[];
      return renderMetrics(mergeSnapshots([snapshotNow(), ...known]));
    },
  };
  const server = await openServer({
    ...options,
    log,
    observer: requestObserver({
      ...{ log, traces, known, count: counters.countRequest },
      logShare: options.accessLog ?? 0,
    }),
    errorBody: protocolError,
    routes: withOpenApi(withHot(servingRoutes(serving)), gatewayApi(parts.version)),
  });
  const grpc = await openGrpcServer({
    ...{ ...options, log, port: options.grpcPort },
    onAnswer: (method, status, ms) => counters.countRequest(method, undefined, status, ms),
    methods: openInferenceMethods(serving),
  }).catch((error) => server.close().then(() => Promise.reject(error)));
  log.info("gateway listens", { url: server.url, ...(grpc && { grpc: grpc.address }) });
  return {
    url: server.url,
    grpc: grpc?.address,
    async close() {
      closing = true;
      server.drain();
      if (options.drainMs !== undefined) await pause(options.drainMs);
      await Promise.all([refresher.stop(), ahead.stop()]);
      await Promise.all([server.close(), grpc?.close()]);
      await afterwards.drained();
      await predictionLog.close();
      await loaded.close();
      self.stop();
      // Nobody must wait for a collector that is away.
      await traces?.close().catch(() => undefined);
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

/** Tells the others what happened here, when the database is there. */
const announcer =
  (sql: Sql | undefined) =>
  async (type: string, payload: Json): Promise<void> => {
    if (sql === undefined) return;
    await eventLog(sql).append({ type, subject: hostname(), payload, at: Date.now() });
  };

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
