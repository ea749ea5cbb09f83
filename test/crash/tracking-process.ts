import { randomInt } from "node:crypto";
import { openServer } from "../../src/http/server.ts";
import { trackingApi } from "../../src/mlflow-api/mlflow-api.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { keepPostgres } from "../../src/storage/sql/keep-postgres.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { mlflowErrorBody, mlflowErrorStatus } from "../../src/tracking/mlflow/errors.ts";

/** Answers MLflow's clients: `node tracking-process.mjs <folder> <port>`; several may share the folder. To be killed anywhere. */
const [folder = "", port = ""] = process.argv.slice(2);
const log = quietLog();
const server = await keepPostgres({ dataDir: `${folder}/database`, log });
const sql = postgres(server.url, { log });
await migrate(sql, { log });
const routes = await trackingApi(
  {
    ...{ sql, log, blobs: fileBlobs(`${folder}/blobs`), clock: { now: () => Date.now() } },
    chance: () => randomInt(2 ** 47) / 2 ** 47,
  },
  { scratch: `${folder}/scratch` },
);
await openServer({
  ...{ log, routes, port: Number(port) },
  ...{ errorBody: mlflowErrorBody, errorStatus: mlflowErrorStatus },
});
