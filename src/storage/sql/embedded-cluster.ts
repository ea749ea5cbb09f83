import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MillwrightError } from "../../errors.ts";
import {
  type Binaries,
  canEnter,
  executable,
  privateFolder,
  runProgram,
  type ServerUser,
  SYSTEM_DATA,
} from "./embedded-host.ts";
import {
  checkClaim,
  claimCluster,
  newPassword,
  readState,
  type ServerState,
  writeState,
} from "./embedded-state.ts";

export interface Cluster {
  readonly state: ServerState;
  readonly user: ServerUser | undefined;
}

/** The user a cluster is run as: whoever its files belong to. */
export function clusterUser(
  cluster: string,
  fresh: ServerUser | undefined,
): ServerUser | undefined {
  const self = process.getuid?.();
  if (self === undefined || !existsSync(cluster)) return fresh;
  const { uid, gid } = statSync(cluster);
  if (self === 0) return { uid, gid, name: `uid ${uid}` };
  if (uid === self) return undefined;
  throw new MillwrightError(
    "unavailable",
    `The database in ${cluster} belongs to user id ${uid}, and this process runs as ${self}. ` +
      "Run as the user who created the project (or as root), or give the folder to this user with chown -R.",
  );
}

/** Finds the cluster of `dataDir`, or makes one. Runs under the starter lock. */
export async function prepareCluster(
  dataDir: string,
  fresh: ServerUser | undefined,
  port: () => Promise<number>,
  tools: (user: ServerUser | undefined) => Binaries,
): Promise<Cluster> {
  const known = readState(dataDir);
  const state: ServerState = known ?? {
    cluster: placeFor(dataDir, fresh),
    password: newPassword(),
    port: await port(),
    initialised: false,
  };
  if (!known) writeState(dataDir, state);
  checkClaim(state.cluster, dataDir);

  if (existsSync(join(state.cluster, "PG_VERSION"))) {
    const user = clusterUser(state.cluster, fresh);
    const binary = tools(user);
    checkMajor(state.cluster, binary.major);
    if (!known) await resetPassword(state, user, binary);
    if (!state.initialised) writeState(dataDir, { ...state, initialised: true });
    return { state: { ...state, initialised: true }, user };
  }
  if (state.initialised)
    throw new MillwrightError(
      "unavailable",
      `The database folder ${state.cluster} is missing. Mount or restore it. ` +
        `To begin again with an empty database, delete ${join(dataDir, "server.json")}.`,
    );
  await initialise(state, fresh, tools(fresh));
  claimCluster(state.cluster, dataDir);
  writeState(dataDir, { ...state, initialised: true });
  return { state: { ...state, initialised: true }, user: fresh };
}

/** Beside the project's other data, or (root under a private folder) in /var/lib/millwright. Random: a new project at an old path starts empty. */
function placeFor(dataDir: string, user: ServerUser | undefined): string {
  const beside = join(resolve(dataDir), "cluster");
  if (!user || existsSync(beside) || canEnter(dataDir, user)) return beside;
  const folder = `${createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 12)}-${randomBytes(3).toString("hex")}`;
  try {
    mkdirSync(SYSTEM_DATA, { recursive: true });
    chmodSync(SYSTEM_DATA, 0o755);
    if (!canEnter(SYSTEM_DATA, user)) throw new Error("not reachable");
  } catch (cause) {
    throw new MillwrightError(
      "unavailable",
      `PostgreSQL runs as user '${user.name}' (it refuses to run as root), which can enter neither ${dataDir} nor ${SYSTEM_DATA}. ` +
        "Put the project in a folder others may enter (chmod o+x on each parent), run as an ordinary user, or set DATABASE_URL.",
      { cause },
    );
  }
  return join(SYSTEM_DATA, folder);
}

function checkMajor(cluster: string, major: string): void {
  const found = readFileSync(join(cluster, "PG_VERSION"), "utf8").trim();
  if (found === major) return;
  throw new MillwrightError(
    "conflict",
    `The database in ${cluster} was made by PostgreSQL ${found}; this install carries PostgreSQL ${major}. ` +
      "Export with the Millwright version that made it, then import here.",
  );
}

/** initdb into a side folder, then one rename: a crash half-way leaves nothing that looks like a cluster. */
async function initialise(
  state: ServerState,
  user: ServerUser | undefined,
  { folder }: Binaries,
): Promise<void> {
  const half = `${state.cluster}.new`;
  rmSync(half, { recursive: true, force: true });
  privateFolder(half, user);
  const passwordFile = join(tmpdir(), `millwright-${randomBytes(9).toString("hex")}`);
  writeFileSync(passwordFile, `${state.password}\n`, { mode: 0o600, flag: "wx" });
  try {
    if (user) chownSync(passwordFile, user.uid, user.gid);
    await runProgram(
      executable(folder, "initdb"),
      [
        `--pgdata=${half}`,
        "--username=postgres",
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
      ],
      user,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(half, state.cluster);
}

/** `server.json` was lost but the data is there: give the superuser a new password in single-user mode. */
async function resetPassword(
  state: ServerState,
  user: ServerUser | undefined,
  { folder }: Binaries,
): Promise<void> {
  await runProgram(
    executable(folder, "postgres"),
    ["--single", "-D", state.cluster, "postgres"],
    user,
    `ALTER ROLE postgres PASSWORD '${state.password}';\n`,
  );
}
