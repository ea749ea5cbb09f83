import { openServer } from "../http/server.ts";
import { registryParts, type TrackingParts, trackingApi } from "../mlflow-api/mlflow-api.ts";
import { deliverRegularly, type RegistryApiParts } from "../mlflow-api/registry-api.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { fileBlobs } from "../storage/blobs/files.ts";
import { sealWith } from "../storage/seal.ts";
import { mlflowErrorBody, mlflowErrorStatus } from "../tracking/mlflow/errors.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { quietLog } from "./quiet-log.ts";

export interface RegistryAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

export interface RegistryServer {
  readonly url: string;
  readonly db: TestDatabase;
  readonly blobs: Blobs;
  readonly parts: RegistryApiParts;
  /** @param path after `/api/2.0/mlflow/`. GET takes the fields as its query, other methods as JSON. */
  call(method: string, path: string, fields?: object): Promise<RegistryAnswer>;
  /** Begins to deliver webhooks; `stop` ends it. */
  deliver(): Promise<{ stop(): Promise<void> }>;
  stop(): Promise<void>;
}

/** MLflow's API over HTTP on a database of its own. Webhooks may go anywhere, and only after `deliver`. */
export async function registryServer(
  registry: Partial<NonNullable<TrackingParts["registry"]>> = {},
): Promise<RegistryServer> {
  const db = await testDatabase();
  const log = quietLog();
  const blobs = fileBlobs(`${db.folder}/blobs`);
  const parts: TrackingParts = {
    ...{ sql: db.sql, log, blobs, chance: Math.random },
    clock: { now: () => Date.now() },
    registry: { seal: sealWith("a key for tests"), targets: "any", ...registry },
  };
  const routes = await trackingApi(parts, { scratch: `${db.folder}/scratch` });
  const server = await openServer({
    ...{ log, host: "127.0.0.1", port: 0, token: undefined, routes },
    ...{ errorBody: mlflowErrorBody, errorStatus: mlflowErrorStatus },
  });
  const own = registryParts(parts);
  return {
    ...{ url: server.url, db, blobs, parts: own },
    async call(method, path, fields = {}) {
      const query = new URLSearchParams();
      if (method === "GET")
        for (const [name, value] of Object.entries(fields))
          for (const one of [value].flat()) query.append(name, String(one));
      const response = await fetch(`${server.url}/api/2.0/mlflow/${path}?${query}`, {
        method,
        ...(method === "GET" ? {} : { body: JSON.stringify(fields) }),
        headers: { "content-type": "application/json" },
      });
      return { status: response.status, body: await response.json() };
    },
    deliver: () => deliverRegularly(own),
    async stop() {
      await server.close(100);
      await db.stop();
    },
  };
}
