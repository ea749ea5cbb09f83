import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config.ts";
import type { Log } from "../lib/log.ts";
import { binaries, executable, serverUser, spawnOptions } from "../storage/sql/embedded-host.ts";
import { readState } from "../storage/sql/embedded-state.ts";
import { postgres } from "../storage/sql/postgres.ts";
import { processAlive } from "../storage/sql/process-alive.ts";
import { type Finding, finding } from "./finding.ts";
import { upLockOwner } from "./up-lock.ts";

const LITTLE_SPACE = 2 * 2 ** 30;
const NO_SPACE = 200 * 2 ** 20;
/** Older servers lack what the statements use. */
const OLDEST_POSTGRES = 14;

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Where everything is kept: the folder, the database, and what a killed process may have left behind. */
export async function examineStorage(config: Config): Promise<Finding[]> {
  const database = config.databaseUrl
    ? await ownDatabase(config.databaseUrl)
    : await embeddedDatabase(join(config.dataDir, "postgres"));
  return [folder(config.dataDir), database, ...locksIn(config.dataDir)];
}

function folder(dataDir: string): Finding {
  const name = "data folder";
  const there = existingParent(dataDir);
  const probe = join(there, `.millwright-doctor-${process.pid}`);
  try {
    if (there === dataDir) writeFileSync(probe, "x");
    else mkdirSync(probe);
  } catch (error) {
    return {
      ...{
        name,
        state: "fail",
        message: `${dataDir} cannot be written: ${(error as Error).message}`,
      },
      fix: "Run as the user who owns it, or choose another folder with MILLWRIGHT_DATA.",
    };
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const message = `${dataDir}${there === dataDir ? "" : " (will be made)"}, ${(free / 2 ** 30).toFixed(1)} GB free`;
  if (free < LITTLE_SPACE)
    return {
      ...{ name, state: free < NO_SPACE ? "fail" : "warn", message },
      fix: "Free some space: datasets, models and predictions are kept there.",
    };
  return { name, state: "ok", message };
}

function existingParent(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

const ownDatabase = (url: string) =>
  finding(
    "database",
    "Check DATABASE_URL, that the server runs, and that it can be reached from here. Without DATABASE_URL the embedded one is used.",
    async () => {
      const sql = postgres(url, { log: SILENT, maxConnections: 1, waitMs: 2_000 });
      try {
        const [row] = await sql.query<{ version: string; number: string; may_create: boolean }>(
          `select current_setting('server_version') as version, current_setting('server_version_num') as number,
                  has_database_privilege(current_database(), 'CREATE') as may_create`,
        );
        const message = `your PostgreSQL ${row?.version} answers (DATABASE_URL)`;
        if (!row?.may_create)
          return {
            ...{ state: "fail", message: `${message}, but this user may not create a schema` },
            fix: "Grant it: GRANT CREATE ON DATABASE … TO …",
          };
        if (Number(row.number) < OLDEST_POSTGRES * 10_000)
          return {
            ...{ state: "warn", message },
            fix: `PostgreSQL ${OLDEST_POSTGRES} or newer is needed; 18 is tested.`,
          };
        return { state: "ok", message };
      } finally {
        await sql.close();
      }
    },
  );

const embeddedDatabase = (dataDir: string) =>
  finding("database", "Or set DATABASE_URL to a PostgreSQL server of your own.", async () => {
    const user = serverUser();
    const { folder: where } = binaries(user);
    const asked = spawnSync(executable(where, "postgres"), ["--version"], {
      ...spawnOptions(user),
      encoding: "utf8",
    });
    if (asked.status !== 0)
      return {
        state: "fail",
        message: `the embedded PostgreSQL does not start: ${(asked.stderr || asked.error?.message || "").trim()}`,
        fix: "Reinstall (npm ci), or set DATABASE_URL to a PostgreSQL server of your own.",
      };
    const version = asked.stdout.trim().replace("postgres (PostgreSQL)", "embedded PostgreSQL");
    const as = user ? `, run as user ${user.name}` : "";
    return { state: "ok", message: `${version}${as}, ${runningState(dataDir)}` };
  });

/** Of the project's own server, as far as this user may see. */
function runningState(dataDir: string): string {
  const state = readState(dataDir);
  if (!state) return "not used here yet";
  try {
    const [pid, , , port] = readFileSync(join(state.cluster, "postmaster.pid"), "utf8").split("\n");
    return processAlive(Number(pid)) ? `running on port ${port}` : "not running (it was killed)";
  } catch {
    return "not running";
  }
}

/** What running and killed processes have left in the data folder. */
export const locksIn = (dataDir: string): Finding[] => [
  ...upLock(join(dataDir, "up.pid")),
  ...starterLock(join(dataDir, "postgres", "starting.lock")),
];

/** `millwright up` writes its process number. */
function upLock(file: string): Finding[] {
  if (!existsSync(file)) return [];
  const name = "up";
  const pid = upLockOwner(file);
  if (pid !== undefined)
    return [{ name, state: "ok", message: `millwright up runs here (process ${pid})` }];
  return [
    {
      ...{ name, state: "warn", message: "an earlier `millwright up` was killed" },
      fix: "Nothing to do: the next one takes its place, and interrupted runs go on.",
    },
  ];
}

/** A lock whose owner is gone is taken over by itself; a person may wonder. */
function starterLock(lock: string): Finding[] {
  if (!existsSync(lock)) return [];
  const seconds = Math.round((Date.now() - statSync(lock).mtimeMs) / 1000);
  const name = "database lock";
  const owner = ownerOf(lock);
  if (owner === undefined)
    return [
      {
        ...{ name, state: "warn", message: `${lock} was left behind by a process that died` },
        fix: "Nothing to do: the next start takes it over.",
      },
    ];
  if (seconds < 60)
    return [{ name, state: "ok", message: `process ${owner} is starting the database` }];
  return [
    {
      ...{ name, state: "warn" },
      message: `process ${owner} has been starting the database for ${seconds} s`,
      fix: `If it hangs, end it (kill ${owner}); the next start takes the lock over.`,
    },
  ];
}

/** undefined: dead, or it died before it wrote its number. */
function ownerOf(lock: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(lock, "pid"), "utf8"));
    return pid > 0 && processAlive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}
