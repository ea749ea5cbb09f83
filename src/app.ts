/** The composition root: the only file that builds parts and knows them all. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };
import type { ComputeHost } from "./compute.ts";
import type { Config } from "./config.ts";
import { datasetStore } from "./datasets/store.ts";
import type { Compute } from "./engine/compute.ts";
import { dbosEngine } from "./engine/dbos.ts";
import { threadCompute } from "./engine/executors/threads.ts";
import { loadUserCode } from "./engine/user-code.ts";
import type { Log } from "./lib/log.ts";
import { monitoringStore } from "./monitoring/store.ts";
import { PIPELINES } from "./pipelines/all.ts";
import { checkProject } from "./pipelines/check-project.ts";
import type { LoadedProject, Platform, Stores } from "./pipelines/platform.ts";
import { registryStore } from "./registry/store.ts";
import { onnxRuntime } from "./runtime/onnxruntime.ts";
import { servingStore } from "./serving/store.ts";
import { openBlobs } from "./storage/blobs/all.ts";
import { duckdbColumns } from "./storage/columns/duckdb.ts";
import { migrate } from "./storage/migrate.ts";
import { stopPostgres } from "./storage/sql/embedded.ts";
import { keepPostgres } from "./storage/sql/keep-postgres.ts";
import { postgres } from "./storage/sql/postgres.ts";
import type { Sql } from "./storage/sql/sql.ts";

export const VERSION = packageJson.version;
export const PROJECT_FILE = "millwright.config.ts";

export interface App {
  readonly platform: Platform;
  readonly sql: Sql;
  /** Stops what this process runs; the embedded database too when nobody else uses it. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly log: Log;
  /** Execute runs in this process: always, never, or when no other process does. */
  readonly work: "yes" | "no" | "if-needed";
}

export async function openApp({ config, log, work }: AppOptions): Promise<App> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o755 });
  const databaseDir = join(config.dataDir, "postgres");
  const server = config.databaseUrl ? undefined : await keepPostgres({ dataDir: databaseDir, log });
  const url = config.databaseUrl ?? server!.url;
  const sql = postgres(url, { log });
  await migrate(sql, { log });

  const blobs = openBlobs(config.blobUrl, config.project);
  const columns = await duckdbColumns({ scratch: join(config.dataDir, "scratch") });
  const runtime = await onnxRuntime();
  const compute = hostedCompute(config);
  const engine = dbosEngine({ url, sql, log });
  const project = projectReader(config);
  const platform: Platform = {
    ...storesOn(sql),
    clock: { now: () => Date.now() },
    log,
    engine,
    compute,
    blobs,
    columns,
    datasets: datasetStore(sql),
    environment: { node: process.versions.node, millwright: VERSION, runtime: runtime.name },
    threads: config.threads,
    project,
    transact: (body) => sql.transact((tx) => body(storesOn(tx))),
    evaluationOf: async (version) => JSON.parse(Buffer.from(await blobs.get(version.report)).toString("utf8")),
  };
  for (const { pipeline } of PIPELINES) engine.register(pipeline(platform));
  const working = work === "yes" || (work === "if-needed" && !(await workerIsAlive(sql)));
  await engine.start({ work: working, concurrency: Math.max(4, config.threads * 2) });

  return {
    platform,
    sql,
    async close() {
      await engine.stop();
      await compute.close();
      await columns.close();
      const others = server ? await otherClients(sql) : 1;
      await sql.close();
      await server?.release();
      if (server && others === 0) await stopPostgres(databaseDir);
    },
  };
}
