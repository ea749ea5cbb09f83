import { randomInt } from "node:crypto";
import { join } from "node:path";
import { openServer } from "../http/server.ts";
import { fileBlobs } from "../storage/blobs/files.ts";
import { mlflowErrorBody, mlflowErrorStatus } from "../tracking/mlflow/errors.ts";
import { trackingApi } from "../tracking-api.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { quietLog } from "./quiet-log.ts";

export interface TrackingServer {
  readonly url: string;
  readonly database: TestDatabase;
  /** A call of MLflow's API: `post 3.0/mlflow/traces/search`. */
  call(call: string, body?: unknown): Promise<Called>;
  /** A new experiment; its id. */
  experiment(name: string): Promise<string>;
  stop(): Promise<void>;
}

export interface Called {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly json: any;
  readonly text: string;
}

/** What MLflow's clients talk to, on a database of its own. */
export async function trackingServer(): Promise<TrackingServer> {
  const database = await testDatabase();
  const log = quietLog();
  const routes = await trackingApi(
    {
      ...{ sql: database.sql, log, clock: { now: () => Date.now() } },
      blobs: fileBlobs(join(database.folder, "blobs")),
      chance: () => randomInt(2 ** 47) / 2 ** 47,
    },
    { scratch: join(database.folder, "scratch") },
  );
  const server = await openServer({
    ...{ routes, log, port: 0, errorBody: mlflowErrorBody, errorStatus: mlflowErrorStatus },
  });
  return {
    ...{ url: server.url, database },
    async call(call, body) {
      const [method = "", path = ""] = call.split(" ");
      const answer = await fetch(`${server.url}/api/${path}`, {
        method: method.toUpperCase(),
        ...(body === undefined
          ? {}
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, text, json: JSON.parse(text === "" ? "null" : text) };
    },
    async experiment(name) {
      const rows = await database.sql.query<{ id: string }>(
        `insert into millwright.experiment (name, artifact_location, created_at, updated_at)
         values ($1, 'mlflow-artifacts:/x', 0, 0) returning id::text as id`,
        [name],
      );
      return rows[0]!.id;
    },
    async stop() {
      await server.close();
      await database.stop();
    },
  };
}
