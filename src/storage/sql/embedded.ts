import { spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { MillwrightError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import { clusterUser, prepareCluster } from "./embedded-cluster.ts";
import {
  type Binaries,
  binaries,
  executable,
  runProgram,
  type ServerUser,
  serverUser,
  spawnOptions,
} from "./embedded-host.ts";
import { readState, type ServerState, withStarterLock, writeState } from "./embedded-state.ts";
import { processAlive } from "./process-alive.ts";

/**
 * PostgreSQL from npm, in a folder of the project. The server is its own daemon: it survives whoever started it, and the next
 * `ensurePostgres` adopts it. It listens on loopback only, with a random password kept in `server.json` (0600).
 */
export interface EmbeddedPostgres {
  /** `postgres://…` of the database `millwright`. Holds the password: never log it. */
  readonly url: string;
  readonly pid: number;
  /** True when it was already running. */
  readonly adopted: boolean;
  /** Fast shutdown (open transactions roll back, everything committed is on disk); resolves when the server is gone. */
  stop(): Promise<void>;
}

const DATABASE = "millwright";
const START_MS = 60_000;
const LOG_LIMIT_BYTES = 16 * 2 ** 20;

/**
 * Starts the server of `dataDir`, or adopts the running one. Safe to call from several processes at once.
 * Throws `unavailable` or `conflict` with what to do; never replaces existing data by an empty database.
 */
export async function ensurePostgres(options: {
  dataDir: string;
  log: Log;
}): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const known = readState(dataDir);
  const running = known && (await probe(known, DATABASE));
  if (known && running) return handle(known, running, true);

  return withStarterLock(dataDir, async () => {
    let tools: Binaries | undefined;
    const toolsFor = (user: ServerUser | undefined) => (tools ??= binaries(user));
    const { state, user } = await prepareCluster(dataDir, serverUser(), freePort, toolsFor);
    const found = await probe(state);
    if (found) await createDatabase(state, found);
    if (found) return handle(state, found, true);
    return start(dataDir, state, user, toolsFor(user), options.log);
  });
}

interface Running {
  readonly port: number;
  readonly pid: number;
}

/** A start may have to wait for the remains of a killed server (its children die a little later), or for crash recovery. */
async function start(
  dataDir: string,
  wanted: ServerState,
  user: ServerUser | undefined,
  { folder }: Binaries,
  log: Log,
): Promise<EmbeddedPostgres> {
  let state = wanted;
  const logFile = join(dataDir, "postgres.log");
  const began = Date.now();
  const crashed = readLock(state.cluster) !== undefined;
  for (let attempt = 1; ; attempt++) {
    await removeStaleLock(state.cluster, log);
    // A folder that was copied may have lost its mode; PostgreSQL serves none that others could read.
    chmodSync(state.cluster, 0o700);
    if (!(await portIsFree(state.port))) {
      // After a crash it may be the remains of our own server, and other processes know its URL: wait for them to go.
      const patienceMs = crashed ? 20_000 : 500;
      if (Date.now() - began < patienceMs) {
        await sleep(100);
        continue;
      }
      const port = await freePort();
      log.warn(`port ${state.port} is taken by another program; the database moves to ${port}`);
      state = { ...state, port };
      writeState(dataDir, state);
    }
    const outcome = await launch(state, user, folder, logFile, log);
    if (typeof outcome === "object") {
      await createDatabase(state, outcome);
      log.debug("database started", { pid: outcome.pid, port: outcome.port, attempt });
      return handle(state, outcome, false);
    }
    if (Date.now() - began > START_MS)
      throw new MillwrightError(
        "unavailable",
        `PostgreSQL did not start (${outcome}). Its last words, from ${logFile}: ${lastWords(logFile)}`,
      );
    await sleep(Math.min(200 * attempt, 1000));
  }
}

/** One try: the running server, or why it ended. */
async function launch(
  state: ServerState,
  user: ServerUser | undefined,
  folder: string,
  logFile: string,
  log: Log,
): Promise<Running | string> {
  rotate(logFile);
  const out = openSync(logFile, "a", 0o600);
  const settings = {
    port: state.port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 200,
    timezone: "UTC",
    log_timezone: "UTC",
    logging_collector: "off",
    // A frozen process (SIGSTOP, swapped out) must not hold its row locks for ever.
    idle_in_transaction_session_timeout: "5min",
  };
  const args = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  const child = spawn(executable(folder, "postgres"), ["-D", state.cluster, ...args], {
    ...spawnOptions(user),
    stdio: ["ignore", out, out],
    detached: true,
    windowsHide: true,
  });
  closeSync(out);
  let ended: string | undefined;
  child.on("error", (error) => (ended = error.message));
  child.on("exit", (code, signal) => (ended = `ended with ${signal ?? code}`));
  child.unref();
  const started = Date.now();
  for (let said = 0; ended === undefined; ) {
    const found = await probe(state);
    if (found) return found;
    const seconds = Math.floor((Date.now() - started) / 10_000) * 10;
    if (seconds > said) {
      said = seconds;
      log.info(`the database is still recovering after a crash (${seconds} s)`);
    }
    await sleep(20);
  }
  return ended;
}

async function probe(state: ServerState, database = "postgres"): Promise<Running | undefined> {
  const lock = readLock(state.cluster);
  if (!lock || !processAlive(lock.pid) || !lock.port) return undefined;
  const client = new pg.Client({
    connectionString: urlOf({ ...state, port: lock.port }, database),
    connectionTimeoutMillis: 3000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    if (!rows[0] || realpathSync(rows[0].data_directory) !== realpathSync(state.cluster))
      return undefined;
    return { pid: lock.pid, port: lock.port };
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

/** postmaster.pid: pid, data directory, start time, port, … shared memory key and id. Root or its owner may read it. */
function readLock(cluster: string) {
  try {
    const lines = readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n");
    const shm = (lines[6] ?? "").trim().split(/\s+/);
    return { pid: Number(lines[0]), port: Number(lines[3]) || 0, shmId: Number(shm[1]) };
  } catch {
    return undefined;
  }
}

/**
 * After a reboot another program of the same user may have the dead server's pid; PostgreSQL then refuses to start for ever.
 * Removing the lock is safe only when that pid is no PostgreSQL and no backend is still attached to its shared memory.
 */
async function removeStaleLock(cluster: string, log: Log): Promise<void> {
  const lock = readLock(cluster);
  if (!lock || process.platform !== "linux" || !processAlive(lock.pid)) return;
  try {
    if (readFileSync(`/proc/${lock.pid}/comm`, "utf8").trim() === "postgres") return;
    const attached = readFileSync("/proc/sysvipc/shm", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .some((cells) => Number(cells[1]) === lock.shmId && Number(cells[6]) > 0);
    if (attached) return;
  } catch {
    return;
  }
  log.warn(`removed a stale database lock: pid ${lock.pid} is another program now`);
  rmSync(join(cluster, "postmaster.pid"), { force: true });
}

async function createDatabase(state: ServerState, at: Running): Promise<void> {
  const client = new pg.Client({
    connectionString: urlOf({ ...state, port: at.port }, "postgres"),
  });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query("select 1 from pg_database where datname = $1", [DATABASE]);
    if (rows.length === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

const urlOf = (state: ServerState, database = DATABASE): string =>
  `postgres://postgres:${state.password}@127.0.0.1:${state.port}/${database}`;

function handle(state: ServerState, at: Running, adopted: boolean): EmbeddedPostgres {
  return {
    url: urlOf({ ...state, port: at.port }),
    pid: at.pid,
    adopted,
    stop: () => stopServer(state.cluster),
  };
}

/** Stops the server of `dataDir` if one runs. */
export async function stopPostgres(dataDir: string): Promise<void> {
  const state = readState(resolve(dataDir));
  if (state) await stopServer(state.cluster);
}

async function stopServer(cluster: string): Promise<void> {
  const lock = readLock(cluster);
  if (!lock || !processAlive(lock.pid)) return;
  if (process.platform === "win32") {
    const user = clusterUser(cluster, serverUser());
    const pgCtl = executable(binaries(user).folder, "pg_ctl");
    return runProgram(pgCtl, ["stop", "-D", cluster, "-m", "fast"], user);
  }
  process.kill(lock.pid, "SIGINT");
  const deadline = Date.now() + 60_000;
  while (processAlive(lock.pid)) {
    if (Date.now() > deadline)
      throw new MillwrightError(
        "timeout",
        `PostgreSQL (pid ${lock.pid}) has not stopped within a minute. See postgres.log; 'kill -QUIT ${lock.pid}' stops it at once and costs a recovery at the next start.`,
      );
    await sleep(20);
  }
}

const portIsFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });

/** Below the range from which systems take ports for outgoing connections, so that nobody takes it by accident. */
async function freePort(): Promise<number> {
  for (let i = 0; i < 200; i++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await portIsFree(port)) return port;
  }
  throw new MillwrightError("unavailable", "No free port between 20000 and 30000 on 127.0.0.1.");
}

function rotate(logFile: string): void {
  try {
    if (statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
  } catch {
    // Not there yet.
  }
}

function lastWords(logFile: string): string {
  try {
    return readFileSync(logFile, "utf8").trim().split("\n").slice(-6).join(" | ");
  } catch {
    return "(no log)";
  }
}
