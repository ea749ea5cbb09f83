/** What the benchmark starts of ours: `database` makes a PostgreSQL for both servers, `serve` answers MLflow's calls on it. Prints JSON. */
import { randomInt } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openServer } from "../../src/http/server.ts";
import { trackingApi } from "../../src/mlflow-api/mlflow-api.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { ensurePostgres } from "../../src/storage/sql/embedded.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { mlflowErrorBody, mlflowErrorStatus } from "../../src/tracking/mlflow/errors.ts";

const [what = "", folder = "", url = "", port = "0"] = process.argv.slice(2);
const log = quietLog();
const say = (facts: object): boolean => process.stdout.write(`${JSON.stringify(facts)}\n`);

if (what === "database") {
  const server = await ensurePostgres({ dataDir: folder, log });
  const sql = postgres(server.url, { log, maxConnections: 1 });
  const known = await sql.query<{ datname: string }>("select datname from pg_database");
  for (const name of ["ours", "theirs"])
    if (!known.some(({ datname }) => datname === name)) await sql.query(`create database ${name}`);
  const [row] = await sql.query<{ about: string }>(
    "select split_part(version(), ' on ', 1) || ', shared_buffers ' || current_setting('shared_buffers') as about",
  );
  await sql.close();
  say({ url: server.url, about: row?.about });
  process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
  setInterval(() => undefined, 60_000);
} else {
  const sql = postgres(url, { log });
  await migrate(sql, { log });
  const scratch = join(folder, "scratch");
  mkdirSync(scratch, { recursive: true });
  const chance = (): number => randomInt(2 ** 47) / 2 ** 47;
  const routes = await trackingApi(
    { sql, blobs: fileBlobs(join(folder, "blobs")), clock: { now: Date.now }, log, chance },
    { scratch },
  );
  const server = await openServer({
    ...{ routes, log, port: Number(port) },
    ...{ errorBody: mlflowErrorBody, errorStatus: mlflowErrorStatus },
  });
  say({ url: server.url });
  process.on("SIGTERM", () => void server.close().then(() => process.exit(0)));
}
