/** The composition root: the only file that builds parts and knows them all. */
import { existsSync, mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import packageJson from "../package.json" with { type: "json" };
import type { ComputeHost } from "./compute.ts";
import { blobHost, type Config } from "./config.ts";
import { datasetStore } from "./datasets/store.ts";
import { openBodies } from "./engine/bodies/open-bodies.ts";
import { capacityHere } from "./engine/capacity.ts";
import type { Compute } from "./engine/compute.ts";
import { dbosEngine } from "./engine/dbos.ts";
import type { WorkOptions } from "./engine/engine.ts";
import { eventLog } from "./engine/events.ts";
import { hostPrograms } from "./engine/executors/programs.ts";
import { threadCompute } from "./engine/executors/threads.ts";
import { workerAlive } from "./engine/fleet.ts";
import { gitCommit } from "./engine/git-commit.ts";
import { JOB_BLOBS, openJobs } from "./engine/jobs/open-jobs.ts";
import { DEFAULT_QUEUE } from "./engine/placing.ts";
import { openPlace } from "./engine/remote/all.ts";
import { stepResults } from "./engine/step-results.ts";
import { loadUserCode } from "./engine/user-code.ts";
import { MillwrightError } from "./errors.ts";
import { familyStore } from "./families/store.ts";
import { journalRoot, newAttempt } from "./gateway/prediction-log.ts";
import { digestOfJson } from "./lib/digest.ts";
import type { Log } from "./lib/log.ts";
import { trackingArtifacts } from "./mlflow-api/artifact-api.ts";
import { monitoringStore } from "./monitoring/store.ts";
import { PIPELINES, pipelineNamed } from "./pipelines/all.ts";
import { checkProject } from "./pipelines/check-project.ts";
import { placeRun, placeUserRun } from "./pipelines/place-run.ts";
import type {
  LoadedProject,
  LoggedByClients,
  Platform,
  PredictionLog,
  Stores,
} from "./pipelines/platform.ts";
import { queueLimits } from "./pipelines/queue-limits.ts";
import { registeredStore } from "./registry/registered/store.ts";
import { registryStore } from "./registry/store.ts";
import { onnxRuntime } from "./runtime/onnxruntime.ts";
import { scoringStore } from "./scoring/store.ts";
import { eraseKey } from "./serving/log/erase-key.ts";
import { findPrediction } from "./serving/log/find-prediction.ts";
import { pageLog } from "./serving/log/page-log.ts";
import { type ReadLogDeps, scanLog } from "./serving/log/scan-log.ts";
import { logStore } from "./serving/log/store.ts";
import { tidyLog } from "./serving/log/tidy-log.ts";
import { windowProfile } from "./serving/log/window-profile.ts";
import { readLog } from "./serving/read-log.ts";
import { servingStore } from "./serving/store.ts";
import { openBlobs } from "./storage/blobs/all.ts";
import { duckdbColumns } from "./storage/columns/duckdb.ts";
import { journalsIn } from "./storage/journal/segments.ts";
import { migrate } from "./storage/migrate.ts";
import { stopPostgres } from "./storage/sql/embedded.ts";
import { keepPostgres } from "./storage/sql/keep-postgres.ts";
import { postgres } from "./storage/sql/postgres.ts";
import type { Sql } from "./storage/sql/sql.ts";
import type { LocateDeps } from "./tracking/artifacts/locate-artifacts.ts";
import { readArtifact } from "./tracking/artifacts/read-artifact.ts";
import { ARTIFACT_ROOT } from "./tracking/experiments/artifact-location.ts";
import { experimentStore } from "./tracking/experiments/store.ts";
import { trackedKeys } from "./tracking/keys/store.ts";
import { closeRuns } from "./tracking/own/close-runs.ts";
import type { OwnTracking } from "./tracking/own/keep-run.ts";
import { ownRunStore } from "./tracking/own/store.ts";
import { inputStore } from "./tracking/runs/inputs/store.ts";
import { runLog } from "./tracking/runs/log/store.ts";
import { trackedRunStore } from "./tracking/runs/store.ts";

export const VERSION = packageJson.version;
export const PROJECT_FILE = "millwright.config.ts";

export interface App {
  readonly platform: Platform;
  readonly sql: Sql;
  /** Stops what this process runs; the embedded database too when nobody else uses it. */
  /** `drainMs`: so long steps in flight may go on to their end. */
  close(options?: { drainMs?: number }): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly log: Log;
  /** Execute runs in this process: always, never, or when no other process does. */
  readonly work: "yes" | "no" | "if-needed";
}

export async function openApp({ config, log, work }: AppOptions): Promise<App> {
  makeDataFolder(config.dataDir);
  const databaseDir = join(config.dataDir, "postgres");
  const server = config.databaseUrl ? undefined : await keepPostgres({ dataDir: databaseDir, log });
  const url = config.databaseUrl ?? server!.url;
  const sql = postgres(url, { log });
  await migrate(sql, { log });

  const blobs = openBlobs(config.blobUrl, blobHost(config));
  const clock = { now: () => Date.now() };
  const scratch = join(config.dataDir, "scratch");
  const columns = await duckdbColumns({ scratch });
  const journals = journalsIn(journalRoot(config.dataDir));
  const runtime = await onnxRuntime();
  const compute = hostedCompute(config);
  const environments = join(config.dataDir, "environments");
  const programs = hostPrograms({ environments, scratch });
  const engine = dbosEngine({ url, sql, log });
  const project = projectReader(config);
  const jobs = openJobs({
    ...{ sql, clock, log, blobs: blobs.beside(JOB_BLOBS), reach: () => controlFor(config) },
    placeOf: (options) =>
      openPlace(options, {
        ...{ folder: join(config.dataDir, "jobs"), programs },
        project: async () => (await project()).folder,
      }),
  });
  const tracking = ownTracking(sql);
  const environment = {
    ...{ node: process.versions.node, millwright: VERSION, runtime: runtime.name },
  };
  const results = stepResults(sql);
  const codeFolder = join(config.dataDir, "code");
  const bodies = openBodies({ blobs, results, folder: codeFolder, environment, log });
  const platform: Platform = {
    ...storesOn(sql),
    clock,
    log,
    engine,
    compute,
    programs: { ...programs, tracking: (workspace) => trackingVariables(config, workspace) },
    ...{ jobs, bodies, results },
    blobs,
    columns,
    runtime,
    datasets: datasetStore(sql),
    logged: loggedByClients(sql, trackingArtifacts({ sql, blobs, clock }, { scratch }).located),
    ...{ tracking, user: userName() },
    predictions: predictionLog({ journals, columns, blobs, store: logStore(sql) }),
    environment,
    threads: config.threads,
    folder: config.project,
    project,
    transact: (body) => sql.transact((tx) => body(storesOn(tx))),
    evaluationOf: async (version) => {
      if (version.report !== undefined)
        return JSON.parse(Buffer.from(await blobs.get(version.report)).toString("utf8"));
      throw new MillwrightError(
        "not_found",
        `Version ${version.number} of ${version.model} was imported: it has never been judged.`,
      );
    },
  };
  for (const made of PIPELINES) {
    const pipeline = made(platform);
    const placing = (input: unknown) => placeRun(platform, { pipeline: pipeline.name, input });
    engine.register({ ...pipeline, placing });
  }
  const theirs = pipelineNamed(platform);
  engine.registerOthers((name) => ({
    ...theirs(name),
    placing: () => placeUserRun(platform, { pipeline: name }),
  }));
  const working =
    work === "yes" || (work === "if-needed" && !(await workerAlive(sql, DEFAULT_QUEUE)));
  await engine.start(working ? { work: true, ...workOptions(config, project) } : { work: false });
  const records = working ? closeRegularly({ engine, tracking }, log) : undefined;
  const sweep = working ? jobs.sweepRegularly() : undefined;

  return {
    platform,
    sql,
    async close(options = {}) {
      await engine.stop(options);
      await bodies.close();
      await sweep?.stop();
      await records?.stop();
      await compute.close();
      await columns.close();
      await sql.close();
      await server?.release();
      if (server && (await nobodyElseUses(url, log))) await stopPostgres(databaseDir);
    },
  };
}

const workOptions = (config: Config, project: () => Promise<LoadedProject>): WorkOptions => ({
  queues: config.workerQueues,
  concurrency: config.workerConcurrency ?? Math.max(4, config.threads * 2),
  has: capacityHere(config.threads, config.gpus),
  limits: async () => queueLimits((await project()).definition),
});

const ANSWERS_WITHIN_MS = 1000;

/** A program that logs shall never fail because control is not there. */
async function trackingVariables(
  config: Config,
  workspace: string,
): Promise<Readonly<Record<string, string>>> {
  const { token } = config;
  const url = ownControl(config);
  if (!(await answers(url)))
    return { MLFLOW_TRACKING_URI: pathToFileURL(join(workspace, "mlruns")).href };
  return { MLFLOW_TRACKING_URI: url, ...(token ? { MLFLOW_TRACKING_TOKEN: token } : {}) };
}

const ownControl = ({ host, controlPort }: Config): string =>
  `http://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${controlPort}`;

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    .then(({ ok }) => ok)
    .catch(() => false);

/** Where jobs on other machines find control. Said before one is asked for: there it would be found out minutes later. */
async function controlFor(config: Config): Promise<string> {
  const url = config.controlUrl ?? ownControl(config);
  if (await answers(url)) return url;
  throw new MillwrightError(
    "unavailable",
    `Control does not answer at ${url}, where jobs on other machines fetch their files. Start it (millwright up, or start control), and name the address under which they reach it in MILLWRIGHT_CONTROL_URL.`,
  );
}

function loggedByClients(sql: Sql, located: LocateDeps): LoggedByClients {
  return {
    readFile: (uri, path, most) => readArtifact(located, { uri, path, most }),
    tagVersion: (model, number, tags) =>
      // All at once: whoever waits for one of them finds the others, too.
      sql.transact(async (tx) => {
        const registered = registeredStore(tx);
        for (const [key, value] of Object.entries(tags))
          await registered.setVersionTag(model, number, { key, value });
      }),
  };
}

function ownTracking(sql: Sql): OwnTracking {
  const keys = trackedKeys(sql);
  return {
    experiments: experimentStore(sql, ARTIFACT_ROOT),
    runs: trackedRunStore(sql, keys),
    runLog: runLog(sql, keys, endOfTurn),
    inputs: inputStore(sql),
    own: ownRunStore(sql, keys),
  };
}

const CLOSE_EVERY_MS = 5000;

/** Whoever works closes the records of runs that are over; once more at the end, for a command that is left at once. */
function closeRegularly(parts: Parameters<typeof closeRuns>[0], log: Log) {
  let turn: Promise<unknown> | undefined;
  const close = () => {
    turn ??= closeRuns(parts)
      .catch((error: Error) => log.warn(`records of runs: ${error.message}`))
      .finally(() => {
        turn = undefined;
      });
    return turn;
  };
  const timer = setInterval(close, CLOSE_EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await turn;
      await close();
    },
  };
}

/** As MLflow's client has it. A container may know no name of its user. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}

function predictionLog(parts: ReadLogDeps): PredictionLog {
  const { store } = parts;
  const rewriting = {
    ...parts,
    breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
    newAttempt,
  };
  return {
    read: (query) => readLog(parts, query),
    scan: (query) => scanLog(parts, query),
    page: (query) => pageLog(parts, query),
    find: (query) => findPrediction(parts, query),
    profile: (query) => windowProfile(parts, query),
    volumes: (model, from, to) => store.volumes(model, from, to),
    unmatched: (model) => store.countUnmatched(model),
    erase: (input) => eraseKey(rewriting, input),
    tidy: (input) => tidyLog(rewriting, input),
  };
}

function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new MillwrightError(
      "invalid_config",
      `The data folder ${folder} cannot be made: ${(cause as Error).message}. Choose another one with MILLWRIGHT_DATA, or another project folder with --project.`,
      { cause },
    );
  }
}

function storesOn(sql: Sql): Stores & Pick<Platform, "scoring"> {
  const events = eventLog(sql);
  return {
    registry: registryStore(sql),
    serving: servingStore(sql),
    monitoring: monitoringStore(sql),
    families: familyStore(sql),
    scoring: scoringStore(sql),
    announce: async (type, subject, payload, at) => {
      await events.append({ type, subject, payload, at }, sql);
    },
    lastAnnounced: async (type, subject) =>
      (await events.read({ types: [type], subject, latest: true, limit: 1 }))[0]?.at,
  };
}

/** Compute threads cannot be given parts, only data: every input says where blobs and scratch space are. */
function hostedCompute(config: Config): Compute {
  const host: ComputeHost = {
    blobUrl: config.blobUrl,
    blobHost: blobHost(config),
    scratch: join(config.dataDir, "scratch"),
    threads: config.threads,
  };
  const pool = threadCompute({ entry: computeEntry(), size: config.threads });
  return {
    run: (task, input, options) => pool.run(task, { host, input }, options),
    close: () => pool.close(),
  };
}

/** Beside the running program; from the sources (tests), what the build last made. */
function computeEntry(): URL {
  const candidates = ["./compute.js", "../compute.js", "../dist/compute.js"];
  const found = candidates
    .map((name) => new URL(name, import.meta.url))
    .find((url) => existsSync(fileURLToPath(url)));
  if (found) return found;
  throw new MillwrightError("internal", "dist/compute.js is missing. Build it with: npm run build");
}

/** Read when first asked for, and again when the bundle may have changed: at most once a second. */
function projectReader(config: Config): () => Promise<LoadedProject> {
  const file = join(config.project, PROJECT_FILE);
  let known: { readonly code: string; readonly commit: string | undefined } | undefined;
  let last: { readonly at: number; readonly project: Promise<LoadedProject> } | undefined;
  const read = async (): Promise<LoadedProject> => {
    const loaded = await loadUserCode(file, join(config.dataDir, "code"));
    const definition = checkProject(loaded.value, PROJECT_FILE, loaded.source);
    // Asked anew only when the code is another one: a commit that changes none is not worth a process a second.
    if (known?.code !== loaded.digest)
      known = { code: loaded.digest, commit: await gitCommit(config.project) };
    const { pipelines, ...rest } = definition;
    return {
      // What a pipeline does is no reason to train the models again.
      code: pipelines === undefined ? loaded.digest : digestOfJson(rest),
      ...{ definition, bundle: loaded.bundle, commit: known.commit, folder: config.project },
    };
  };
  return () => {
    if (!last || Date.now() - last.at > 1000) last = { at: Date.now(), project: read() };
    return last.project;
  };
}

async function nobodyElseUses(url: string, log: Log): Promise<boolean> {
  const sql = postgres(url, { log, maxConnections: 1, waitMs: 0 });
  try {
    const [row] = await sql.query<{ others: number }>(
      "select count(*) as others from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    return row?.others === 0;
  } catch {
    return false;
  } finally {
    await sql.close();
  }
}
