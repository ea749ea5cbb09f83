import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { migrate } from "../../src/storage/migrate.ts";
import { type EmbeddedPostgres, ensurePostgres } from "../../src/storage/sql/embedded.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import type { Sql } from "../../src/storage/sql/sql.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

const PARTS = ["gateway", "control", "worker"] as const;
type Part = (typeof PARTS)[number];
/** As a service manager would: a part that ends is started again after this long. */
const RESTART_MS = 200;

/** A gateway, a control and a worker as processes of their own, and a database that can be taken away. */
export interface Stage {
  readonly folder: string;
  readonly gatewayUrl: string;
  readonly sql: Sql;
  /**
   * Kills one process with SIGKILL and says which: of the gateway (its primary and its children are victims alike), or any other.
   */
  kill(of: "gateway" | "others", choose: (n: number) => number): string;
  stopDatabase(): Promise<void>;
  startDatabase(): Promise<void>;
  /** Parts that ended although nobody killed them. */
  readonly fell: string[];
  /** The largest resident memory seen of any process, MiB by name. */
  readonly memory: ReadonlyMap<string, number>;
  /** Ends all parts in order; the folder and the database stay. */
  stopParts(): Promise<void>;
  remove(): Promise<void>;
}

export async function stage(processes: number): Promise<Stage> {
  const log = quietLog();
  const folder = mkdtempSync(join(tmpdir(), "millwright-soak-"));
  chmodSync(folder, 0o755);
  const dataDir = join(folder, "database");
  let server: EmbeddedPostgres | undefined = await ensurePostgres({ dataDir, log });
  const { url } = server;
  const sql = postgres(url, { log });
  await migrate(sql, { log });
  writeFileSync(join(folder, "mail.csv"), "amount,phishing\n1,no\n");
  const project = {
    datasets: { mail: { source: "mail.csv" } },
    models: { mail: { dataset: "mail", target: "phishing" } },
  };
  writeFileSync(
    join(folder, "millwright.config.ts"),
    `export default ${JSON.stringify(project)};\n`,
  );
  const [control, gateway, grpc] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...process.env,
    DATABASE_URL: url,
    MILLWRIGHT_PORT: String(control),
    MILLWRIGHT_GATEWAY_PORT: String(gateway),
    MILLWRIGHT_GRPC_PORT: String(grpc),
    MILLWRIGHT_LOG: "warn",
    NO_COLOR: "1",
  };
  const running = new Map<Part, ChildProcess>();
  const killed = new Set<number>();
  const fell: string[] = [];
  let stopping = false;
  const start = (part: Part): void => {
    if (stopping) return;
    const more = part === "gateway" && processes > 1 ? ["--processes", String(processes)] : [];
    const args = ["dist/main.js", "start", part, ...more, "--project", folder];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    running.set(part, child);
    let said = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-2000);
    });
    child.on("exit", (code, signal) => {
      // Who starts while the database goes or is away gives up in words, and is started again.
      const waited = server === undefined && said.includes("[unavailable] The database");
      if (!stopping && !killed.has(child.pid!) && !waited)
        fell.push(`${new Date().toISOString()} ${part}: ${signal ?? code}: ${said}`);
      if (!stopping) setTimeout(() => start(part), RESTART_MS);
    });
  };
  for (const part of PARTS) start(part);

  const memory = new Map<string, number>();
  const watch = setInterval(() => {
    for (const { name, mib } of processesOf(running))
      memory.set(name, Math.max(mib, memory.get(name) ?? 0));
  }, 1000);

  return {
    folder,
    gatewayUrl: `http://127.0.0.1:${gateway}`,
    sql,
    fell,
    memory,
    kill(of, choose) {
      const victims = processesOf(running).filter(
        ({ name }) => name.startsWith("gateway") === (of === "gateway"),
      );
      const victim = victims[choose(victims.length)];
      if (victim === undefined) return "nobody";
      killed.add(victim.pid);
      // A killed primary takes its children with it, in whatever order.
      process.kill(victim.pid, "SIGKILL");
      return victim.name;
    },
    async stopDatabase() {
      const going = server;
      server = undefined;
      await going?.stop();
    },
    async startDatabase() {
      server = await ensurePostgres({ dataDir, log });
      if (server.url !== url) throw new Error("the database came back at another address");
    },
    async stopParts() {
      stopping = true;
      clearInterval(watch);
      const ends = [...running.values()].map(
        (child) =>
          new Promise<void>((resolve) => {
            if (child.exitCode !== null || child.signalCode !== null) return resolve();
            child.once("exit", () => resolve());
            child.kill("SIGTERM");
          }),
      );
      await Promise.race([Promise.all(ends), pause(20_000)]);
      for (const child of running.values()) child.kill("SIGKILL");
    },
    async remove() {
      await sql.close();
      await server?.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

interface Victim {
  readonly name: string;
  readonly pid: number;
  readonly mib: number;
}

/** The parts and their children. */
function processesOf(running: ReadonlyMap<Part, ChildProcess>): Victim[] {
  const list = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,rss="], { encoding: "utf8" });
  const all = list
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state!.startsWith("Z"))
    .map(([pid, parent, , rss]) => ({
      pid: Number(pid),
      parent: Number(parent),
      mib: Math.round(Number(rss) / 1024),
    }));
  return [...running].flatMap(([part, child]) => {
    const own = all.find(({ pid }) => pid === child.pid);
    if (own === undefined) return [];
    const children = all.filter(({ parent }) => parent === own.pid);
    return [
      { name: part, ...own },
      ...children.map((c, i) => ({ name: `${part} child ${i + 1}`, ...c })),
    ];
  });
}
