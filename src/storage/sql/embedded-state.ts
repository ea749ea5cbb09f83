import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MillwrightError } from "../../errors.ts";
import { processAlive } from "./process-alive.ts";

/** `server.json` (mode 0600) in the database's folder: what must be remembered between starts. */
export interface ServerState {
  /**
   * Absolute path of the PostgreSQL cluster. In the file it is relative when it lies beside it (so that a project can be moved);
   * it lies elsewhere when root's folder is private.
   */
  readonly cluster: string;
  readonly password: string;
  /** Preferred again at the next start, so that URLs handed out stay true. */
  readonly port: number;
  /** Once true, a missing cluster is an error and never replaced by an empty one. */
  readonly initialised: boolean;
}

const stateFile = (dataDir: string): string => join(dataDir, "server.json");

export function readState(dataDir: string): ServerState | undefined {
  let text: string;
  try {
    text = readFileSync(stateFile(dataDir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new MillwrightError(
      "unavailable",
      `${stateFile(dataDir)} cannot be read (${(error as Error).message}). It holds the database's password: ` +
        "run as the user who created the project (or as root).",
      { cause: error },
    );
  }
  try {
    const state = JSON.parse(text) as ServerState;
    return { ...state, cluster: resolve(dataDir, state.cluster) };
  } catch (cause) {
    throw new MillwrightError(
      "internal",
      `${stateFile(dataDir)} is damaged. Move it away; the next start makes a new one and keeps the data beside it.`,
      { cause },
    );
  }
}

/** Atomic and durable: a crash leaves the old file or the new one. */
export function writeState(dataDir: string, state: ServerState): void {
  const half = `${stateFile(dataDir)}.${process.pid}`;
  const file = openSync(half, "w", 0o600);
  const cluster = isBeside(state.cluster, dataDir) ? basename(state.cluster) : state.cluster;
  writeSync(file, `${JSON.stringify({ ...state, cluster }, null, 2)}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(half, stateFile(dataDir));
}

const isBeside = (cluster: string, dataDir: string): boolean =>
  dirname(cluster) === resolve(dataDir);

export const newPassword = (): string => randomBytes(18).toString("base64url");

/** Who uses a cluster that lies outside its project: written beside the cluster. */
const ownerFile = (cluster: string): string => `${cluster}.owner`;

export function claimCluster(cluster: string, dataDir: string): void {
  if (isBeside(cluster, dataDir)) return;
  writeFileSync(ownerFile(cluster), `${realpathSync(dataDir)}\n`);
}

/** A moved project keeps its cluster; a copied one must not share the original's. */
export function checkClaim(cluster: string, dataDir: string): void {
  if (isBeside(cluster, dataDir) || !existsSync(ownerFile(cluster))) return;
  const owner = readFileSync(ownerFile(cluster), "utf8").trim();
  if (owner === realpathSync(dataDir)) return;
  let other: ServerState | undefined;
  try {
    other = readState(owner);
  } catch {
    other = undefined;
  }
  if (other?.cluster === cluster)
    throw new MillwrightError(
      "conflict",
      `The database in ${cluster} belongs to the project in ${owner}; ${dataDir} looks like a copy of it. ` +
        `To begin with an empty database here, delete ${stateFile(dataDir)}. To have the data too, export it there and import it here.`,
    );
  claimCluster(cluster, dataDir);
}

/**
 * One starter at a time. The lock is a folder holding the owner's pid: made atomically, taken over when its owner is gone.
 */
export async function withStarterLock<T>(dataDir: string, body: () => Promise<T>): Promise<T> {
  const lock = join(dataDir, "starting.lock");
  const deadline = Date.now() + 120_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (abandoned(lock)) {
      // Renaming is atomic: of two waiters only one takes the dead starter's lock away.
      const away = `${lock}.${process.pid}.${Date.now()}`;
      try {
        renameSync(lock, away);
        rmSync(away, { recursive: true, force: true });
      } catch {
        // The other waiter was faster.
      }
      continue;
    }
    if (Date.now() > deadline)
      throw new MillwrightError(
        "unavailable",
        `Another process has been starting the database for two minutes. If none is, delete ${lock}.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  writeFileSync(join(lock, "pid"), String(process.pid));
  try {
    return await body();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function abandoned(lock: string): boolean {
  try {
    return !processAlive(Number(readFileSync(join(lock, "pid"), "utf8")));
  } catch {
    try {
      // Made, but its owner died before it wrote its pid (or is about to).
      return Date.now() - statSync(lock).mtimeMs > 2_000;
    } catch {
      return false;
    }
  }
}
