import { randomInt } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { withOpenApi } from "../../src/http/openapi.ts";
import { openServer } from "../../src/http/server.ts";
import { registryParts, type TrackingParts, trackingApi } from "../../src/mlflow-api/mlflow-api.ts";
import { deliverRegularly } from "../../src/mlflow-api/registry-api.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { sealWith } from "../../src/storage/seal.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { mlflowErrorBody, mlflowErrorStatus } from "../../src/tracking/mlflow/errors.ts";

/**
 * The tracking API alone, with a store of its own: a copy of the database at DATABASE_URL (see `tracking-database-process.ts`),
 * dropped on SIGTERM, and blobs in `--data`. With MILLWRIGHT_TOKEN, only for those who have it; with WEBHOOK_TARGETS=any, webhooks may
 * send to this machine. Errors of ours go to standard error.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    data: { type: "string" },
    "artifact-root": { type: "string" },
    "artifacts-destination": { type: "string" },
  },
});
const template = process.env.DATABASE_URL;
if (template === undefined || values.data === undefined)
  throw new Error("DATABASE_URL and --data must be given");

const name = `tracking_${process.pid}_${randomInt(2 ** 32)}`;
const url = new URL(template);
const admin = new URL(template);
url.pathname = `/${name}`;
admin.pathname = "/postgres";

async function command(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

await command(`create database ${name} template "${new URL(template).pathname.slice(1)}"`);
const say = (message: string, fields?: object): void =>
  void process.stderr.write(`${message} ${fields === undefined ? "" : JSON.stringify(fields)}\n`);
const log = { debug() {}, info() {}, warn: say, error: say };
const sql = postgres(url.href, { log });
const parts: TrackingParts = {
  ...{ sql, log, blobs: fileBlobs(join(values.data, "blobs")) },
  ...{ clock: { now: () => Date.now() }, chance: () => randomInt(2 ** 47) / 2 ** 47 },
  registry: {
    seal: sealWith("conformance"),
    targets: process.env.WEBHOOK_TARGETS === "any" ? "any" : "public",
  },
};
const routes = await trackingApi(parts, {
  artifactRoot: values["artifact-root"],
  artifactsDestination: values["artifacts-destination"],
  scratch: join(values.data, "scratch"),
});
const webhooks = await deliverRegularly(registryParts(parts));
const server = await openServer({
  ...{ log, port: Number(values.port), token: process.env.MILLWRIGHT_TOKEN },
  ...{ errorBody: mlflowErrorBody, errorStatus: mlflowErrorStatus },
  routes: withOpenApi(routes, { title: "Tracking", version: "conformance", description: "" }),
});

let stopping = false;
process.on("SIGTERM", () => {
  if (stopping) return;
  stopping = true;
  void (async () => {
    await server.close(0);
    await webhooks.stop();
    await sql.close();
    await command(`drop database ${name} with (force)`);
    process.exit(0);
  })();
});
process.stdout.write(`${JSON.stringify({ url: server.url, pid: process.pid })}\n`);
