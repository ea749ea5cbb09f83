import { randomUUID } from "node:crypto";
import { setImmediate as endOfTurn } from "node:timers/promises";
import type { HttpRoute } from "../http/http.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { sealWith } from "../storage/seal.ts";
import type { Sql } from "../storage/sql/sql.ts";
import { ARTIFACT_ROOT } from "../tracking/experiments/artifact-location.ts";
import { experimentRoutes } from "../tracking/experiments/routes.ts";
import { experimentStore } from "../tracking/experiments/store.ts";
import { trackedKeys } from "../tracking/keys/store.ts";
import { loggedModelRoutes } from "../tracking/logged-models/routes.ts";
import { loggedModelStore } from "../tracking/logged-models/store.ts";
import { historyRoutes } from "../tracking/runs/history/routes.ts";
import { historyStore } from "../tracking/runs/history/store.ts";
import { inputRoutes } from "../tracking/runs/inputs/routes.ts";
import { inputStore } from "../tracking/runs/inputs/store.ts";
import { logRoutes } from "../tracking/runs/log/routes.ts";
import { type RunLog, runLog } from "../tracking/runs/log/store.ts";
import { trackedRunRoutes } from "../tracking/runs/routes.ts";
import { trackedRunStore } from "../tracking/runs/store.ts";
import { searchRoutes } from "../tracking/search/routes.ts";
import { searchStore } from "../tracking/search/store.ts";
import { type ArtifactOptions, trackingArtifacts } from "./artifact-api.ts";
import { genaiApi } from "./genai-api.ts";
import { type RegistryApiParts, registryApi } from "./registry-api.ts";

/** What the tracking API stands on: used by control, and alone by the conformance suite. */
export interface TrackingParts {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1), cryptographic: for ids. */
  chance(): number;
  /** One for a process, since it has connections that write; made here when left out. */
  readonly runLog?: RunLog | undefined;
  /** Left out: nothing is served, webhooks may send to the internet, and their secrets do not outlive the process. */
  readonly registry?: Pick<RegistryApiParts, "seal" | "targets" | "served"> | undefined;
}

/** The version that `/version` says: of the MLflow whose protocol this is. Its clients send spans here from 3.4 on. */
const PROTOCOL_VERSION = "3.11.1";

/** Everything MLflow's clients call. */
export async function trackingApi(
  parts: TrackingParts,
  options: ArtifactOptions,
): Promise<HttpRoute[]> {
  const { sql, clock, chance } = parts;
  const { artifactRoot = ARTIFACT_ROOT } = options;
  const keys = trackedKeys(sql);
  const experiments = experimentStore(sql, artifactRoot);
  const runs = trackedRunStore(sql, keys);
  const registered = registryParts(parts);
  const artifacts = trackingArtifacts(parts, options);
  const log = parts.runLog ?? runLog(sql, keys, endOfTurn);
  await experiments.keepDefault(clock.now());
  return [
    plainText("/health", "OK"),
    plainText("/version", PROTOCOL_VERSION),
    ...experimentRoutes({ experiments, clock, folder: process.cwd().replaceAll("\\", "/") }),
    ...trackedRunRoutes({ runs, clock, chance }),
    ...logRoutes({ log }),
    ...inputRoutes({ inputs: inputStore(sql) }),
    ...loggedModelRoutes({ models: loggedModelStore(sql), clock, chance }),
    ...searchRoutes({ search: searchStore(sql, keys) }),
    ...artifacts.routes,
    ...registryApi(registered),
    ...historyRoutes({ history: historyStore(sql), runs, keys }),
    ...genaiApi({
      ...{ sql, clock, chance, experiments, runs, log },
      ...{ located: artifacts.located, seal: registered.seal },
    }),
    serverInfo,
  ];
}

/** What the registry needs of runs and their models; also for delivering its webhooks. */
export const registryParts = ({ registry, ...parts }: TrackingParts): RegistryApiParts => ({
  ...parts,
  ...(registry ?? { seal: sealWith(randomUUID()), targets: "public" }),
  runArtifacts: async (sql, run) =>
    (await trackedRunStore(sql, trackedKeys(sql)).get(run))?.artifactUri,
  loggedModels: loggedModelStore,
});

/** Clients ask for it when they are set up with a workspace: there are none. */
const serverInfo: HttpRoute = {
  ...{ method: "GET", path: "/api/3.0/mlflow/server-info" },
  about: () => ({ summary: "MLflow: what kind of server this is." }),
  handle: () => ({ body: { store_type: "SqlStore", workspaces_enabled: false } }),
};

const plainText = (path: string, body: string): HttpRoute => ({
  ...{ method: "GET", path, access: "open" },
  about: () => ({ summary: `MLflow: ${body}.`, answer: { "text/plain": { type: "string" } } }),
  handle: () => ({ body, type: "text/plain; charset=utf-8" }),
});
