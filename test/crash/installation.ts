/**
 * A whole Millwright on real data for the crash tests: a project folder, `dist/main.js up` as a process of its own with its parts and its
 * PostgreSQL as processes below it, and an observer that helps with nothing.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { dbosEngine } from "../../src/engine/dbos.ts";
import type { Engine, RunStep } from "../../src/engine/engine.ts";
import { type RegistryStore, registryStore } from "../../src/registry/store.ts";
import { readState } from "../../src/storage/sql/embedded-state.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { processAlive } from "../../src/storage/sql/process-alive.ts";
import type { Sql } from "../../src/storage/sql/sql.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

const MAIN = join(process.cwd(), "dist/main.js");
const PARTS = ["control", "worker", "gateway"] as const;
export type PartName = (typeof PARTS)[number];

/** Sees what is in the database. Never starts or repairs anything. */
export interface Observer {
  readonly sql: Sql;
  readonly engine: Engine;
  readonly registry: RegistryStore;
  close(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface Installation {
  readonly folder: string;
  readonly gatewayUrl: string;
  readonly controlUrl: string;
  /** Starts `up` and waits until it says that it is up. */
  up(): Promise<void>;
  /** A second `up` (or any other command), to its end. */
  run(...args: string[]): Promise<Ended>;
  /** The process that reaches this crash point next dies there. */
  dieAt(point: string): void;
  /** Whether somebody has died at the point asked for. */
  diedThere(): boolean;
  supervisor(): ChildProcess;
  /** Process numbers of the parts that run. */
  parts(): Record<string, number>;
  postmaster(): number | undefined;
  observe(): Promise<Observer>;
  /** Ends whatever is left, and removes the folder. */
  remove(): Promise<void>;
}

/** Models `mail0`, `mail1`, …: each its own data (every fourth mail, one row less than the model before), so each its own version. */
export async function installation(models: number): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), "millwright-platform-"));
  chmodSync(folder, 0o755);
  writeProject(folder, models);
  const [control, gateway] = [await freePort(), await freePort()];
  const crashFile = join(folder, "crash-at");
  const dataDir = join(folder, ".millwright");
  const env = {
    ...process.env,
    MILLWRIGHT_PORT: String(control),
    MILLWRIGHT_GATEWAY_PORT: String(gateway),
    MILLWRIGHT_GRPC_PORT: "0",
    MILLWRIGHT_CRASH_AT: `@${crashFile}`,
    MILLWRIGHT_THREADS: "2",
    DATABASE_URL: "",
  };
  let running: ChildProcess | undefined;
  const start = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [MAIN, ...args, "--project", folder], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  const outputOf = (child: ChildProcess): (() => string) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        output += chunk.toString("utf8");
      });
    return () => output;
  };
  const postmaster = (): number | undefined => {
    try {
      const state = readState(join(dataDir, "postgres"));
      const [pid] = readFileSync(join(state!.cluster, "postmaster.pid"), "utf8").split("\n");
      return processAlive(Number(pid)) ? Number(pid) : undefined;
    } catch {
      return undefined;
    }
  };
  const kept: Installation = {
    folder,
    gatewayUrl: `http://127.0.0.1:${gateway}`,
    controlUrl: `http://127.0.0.1:${control}`,
    async up() {
      const child = start(["up"]);
      running = child;
      const output = outputOf(child);
      while (!output().includes("Millwright is up")) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`up ended with ${child.signalCode ?? child.exitCode}: ${output()}`);
        await pause(20);
      }
    },
    async run(...args) {
      const child = start(args);
      const output = outputOf(child);
      const [code] = (await once(child, "close")) as [number | null];
      return { code, output: output() };
    },
    dieAt: (point) => writeFileSync(crashFile, point),
    diedThere: () => {
      try {
        readFileSync(crashFile);
        return false;
      } catch {
        return true;
      }
    },
    supervisor: () => running!,
    parts: () => partsOf(folder),
    postmaster,
    async observe() {
      const log = quietLog();
      const { password, port } = readState(join(dataDir, "postgres"))!;
      const url = `postgres://postgres:${password}@127.0.0.1:${port}/millwright`;
      const sql = postgres(url, { log });
      const engine = dbosEngine({ url, sql, log });
      await engine.start({ work: false });
      return {
        ...{ sql, engine, registry: registryStore(sql) },
        async close() {
          await engine.stop();
          await sql.close();
        },
      };
    },
    async remove() {
      running?.kill("SIGKILL");
      for (const pid of Object.values(partsOf(folder))) killNow(pid);
      const server = postmaster();
      if (server) killNow(server);
      await until(() => postmaster() === undefined && Object.keys(partsOf(folder)).length === 0);
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
  return kept;
}

export const until = async (claim: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await claim())) await pause(10);
};

/** Polls until the step is being executed. */
export const reaches = (observer: Observer, runId: string, step: string): Promise<void> =>
  until(async () =>
    (await observer.engine.steps(runId)).some(
      (s) => s.name === step && (s.state === "running" || s.finishedAt !== undefined),
    ),
  );

/** Steps that were over, as they were then: a run that goes on must leave them so. */
export const completed = (steps: readonly RunStep[]): RunStep[] =>
  steps.filter((step) => step.state === "succeeded");

export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** By their command line: parts outlive a killed supervisor for a moment, so its children would not do. */
function partsOf(folder: string): Record<string, number> {
  const found: Record<string, number> = {};
  const list = execFileSync("ps", ["-A", "-o", "pid=,stat=,args="], { encoding: "utf8" });
  for (const line of list.split("\n")) {
    if (!line.includes(`--project ${folder}`)) continue;
    const [, pid, state, part] = /^\s*(\d+)\s+(\S+)\s.* start (\w+) --project /.exec(line) ?? [];
    if (pid && part && !state!.startsWith("Z")) found[part] = Number(pid);
  }
  return found;
}

function writeProject(folder: string, models: number): void {
  mkdirSync(folder, { recursive: true });
  const mails = gunzipSync(readFileSync("examples/mail/data/mail.csv.gz")).toString("utf8");
  const [head, ...rows] = mails.trim().split("\n");
  const some = rows.filter((_, i) => i % 4 === 0);
  const names = Array.from({ length: models }, (_, i) => `mail${i}`);
  for (const [i, name] of names.entries())
    writeFileSync(
      join(folder, `${name}.csv`),
      `${[head, ...some.slice(0, some.length - i)].join("\n")}\n`,
    );
  const of = <T>(value: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, value(name)]));
  const project = {
    datasets: of((name) => ({ source: `${name}.csv`, key: "message_id", time: "received_at" })),
    models: of((name) => ({
      dataset: name,
      target: "is_spam",
      train: { budget: "2s", trainers: ["baseline", "linear"] },
      retrain: { onDrift: false, onCodeChange: false },
    })),
  };
  writeFileSync(
    join(folder, "millwright.config.ts"),
    `export default ${JSON.stringify(project, null, 2)};\n`,
  );
}
