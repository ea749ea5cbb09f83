import { randomInt } from "node:crypto";
import { openServer } from "../http/server.ts";
import { trackingApi } from "../mlflow-api/mlflow-api.ts";
import { fileBlobs } from "../storage/blobs/files.ts";
import { mlflowErrorBody, mlflowErrorStatus } from "../tracking/mlflow/errors.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { quietLog } from "./quiet-log.ts";

export interface TrackingAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

export interface TrackingServer {
  readonly url: string;
  readonly db: TestDatabase;
  /** @param path after `/api/2.0/mlflow/`. */
  post(path: string, body: unknown): Promise<TrackingAnswer>;
  /** Fields of lists are repeated. */
  get(
    path: string,
    query: Readonly<Record<string, string | number | readonly string[]>>,
  ): Promise<TrackingAnswer>;
  /** Any other call: `PATCH 3.0/mlflow/traces/tr-1/tags`. */
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

/** MLflow's API over HTTP on a database of its own, with the real clock. */
export async function trackingServer(
  options: { readonly artifactRoot?: string } = {},
): Promise<TrackingServer> {
  const db = await testDatabase();
  const log = quietLog();
  const routes = await trackingApi(
    {
      ...{ sql: db.sql, log, blobs: fileBlobs(`${db.folder}/blobs`) },
      clock: { now: () => Date.now() },
      chance: () => randomInt(2 ** 47) / 2 ** 47,
    },
    { scratch: `${db.folder}/scratch`, ...options },
  );
  const server = await openServer({
    ...{ log, host: "127.0.0.1", port: 0, token: undefined, routes },
    errorBody: mlflowErrorBody,
    errorStatus: mlflowErrorStatus,
  });
  const answerOf = async (response: Response): Promise<TrackingAnswer> => ({
    status: response.status,
    body: await response.json(),
  });
  const root = `${server.url}/api/2.0/mlflow/`;
  const post = async (path: string, body: unknown): Promise<TrackingAnswer> =>
    answerOf(
      await fetch(root + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
  return {
    ...{ url: server.url, db, post },
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
    experiment: async (name) => (await post("experiments/create", { name })).body.experiment_id,
    async get(path, query) {
      const fields = new URLSearchParams();
      for (const [name, value] of Object.entries(query))
        for (const one of [value].flat()) fields.append(name, String(one));
      return answerOf(await fetch(`${root}${path}?${fields}`));
    },
    async stop() {
      await server.close(100);
      await db.stop();
    },
  };
}
