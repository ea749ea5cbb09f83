/** The chaos run: real workers, killed at random, paused and thawed, with a database that is restarted; and what is left afterwards. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dbosEngine } from "../../src/engine/dbos.ts";
import type { Digest } from "../../src/lib/digest.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { collectOrphans } from "../../src/storage/orphans/collect-orphans.ts";
import { stopPostgres } from "../../src/storage/sql/embedded.ts";
import { keepPostgres } from "../../src/storage/sql/keep-postgres.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

export interface ChaosPlan {
  readonly worker: string;
  readonly workers: number;
  readonly places: number;
  readonly tasks: number;
  /** How long the first step of a task takes. */
  readonly ms: number;
  /** A worker is killed about so often, and not before so many more tasks are done: a step is given up after five deaths in its middle. */
  readonly killEveryMs: number;
  readonly killEveryTasks: number;
  readonly restarts: number;
  /** One worker stands still for so long: longer than its heartbeat may be silent (8 s). */
  readonly pauseMs: number;
  readonly random: () => number;
  say(line: string): void;
}

export interface ChaosEnd {
  readonly seconds: number;
  readonly kills: number;
  readonly restarts: number;
  readonly outcome: { readonly inOrder: boolean; readonly failed: readonly string[] };
  readonly effects: number;
  /** Runs of tasks; and those of them that are not `succeeded`. */
  readonly runs: number;
  readonly notSucceeded: number;
  readonly versions: number;
  readonly distinctVersions: number;
  /** Begins of steps beyond the first: what was in flight when something died. */
  readonly begunAgain: number;
  readonly blobs: { readonly before: number; readonly unnamed: number; readonly after: number };
  /** Blobs that a task names and that are not there. */
  readonly lost: number;
}

export async function chaos(plan: ChaosPlan): Promise<ChaosEnd> {
  const folder = mkdtempSync(join(tmpdir(), "millwright-chaos-"));
  chmodSync(folder, 0o755);
  const dataDir = join(folder, "database");
  const log = quietLog();
  const server = await keepPostgres({ dataDir, log });
  const sql = postgres(server.url, { log });
  const workers = new Set<ChildProcess>();
  let over = false;
  const start = async (): Promise<void> => {
    const child = fork(plan.worker, [folder, String(plan.places)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    workers.add(child);
    child.once("exit", () => {
      workers.delete(child);
      if (!over) void start();
    });
    await Promise.race([once(child, "message"), once(child, "exit")]);
  };
  try {
    await migrate(sql, { log });
    await sql.query("create table chaos_begin (task int, step text, pid int)");
    await sql.query("create table chaos_effect (task int primary key, blob text not null)");
    const observer = dbosEngine({ url: server.url, sql, log });
    await observer.start({ work: false });
    await Promise.all(Array.from({ length: plan.workers }, start));
    const began = Date.now();
    const id = await observer.submit("all tasks", { tasks: plan.tasks, ms: plan.ms });
    const done = async () => {
      const [row] = await sql.query<{ n: number }>("select count(*) as n from chaos_effect");
      return row?.n ?? 0;
    };
    const trouble = makeTrouble(plan, { workers, dataDir, done, isOver: () => over });
    const outcome = await observer.wait<ChaosEnd["outcome"]>(id, (run) => {
      if (run.progress) plan.say(run.progress.message);
    });
    const seconds = (Date.now() - began) / 1000;
    over = true;
    const { kills, restarts } = await trouble;
    await Promise.all([...workers].map(leave));
    await observer.stop();
    return { seconds, kills, restarts, outcome, ...(await whatIsLeft(sql, join(folder, "blobs"))) };
  } catch (error) {
    plan.say(readFileSync(join(folder, "worker.log"), "utf8").split("\n").slice(-20).join("\n"));
    throw error;
  } finally {
    over = true;
    for (const child of workers) child.kill("SIGKILL");
    await sql.close();
    await server.release();
    await stopPostgres(dataDir);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function leave(child: ChildProcess): Promise<void> {
  child.kill("SIGCONT");
  child.send("stop");
  await Promise.race([once(child, "exit"), sleep(20_000)]);
}

interface Stage {
  readonly workers: ReadonlySet<ChildProcess>;
  readonly dataDir: string;
  done(): Promise<number>;
  isOver(): boolean;
}

/** Restarts and the pause are spread over the tasks, so that they happen however fast the machine is. */
async function makeTrouble(
  plan: ChaosPlan,
  stage: Stage,
): Promise<{ kills: number; restarts: number }> {
  let kills = 0;
  let killedAt = 0;
  let restarts = 0;
  let paused: ChildProcess | undefined;
  let thaw = Number.POSITIVE_INFINITY;
  let nextKill = Date.now() + plan.killEveryMs;
  while (!stage.isOver()) {
    await sleep(100);
    const done = await stage.done().catch(() => 0);
    if (Date.now() > thaw) {
      paused?.kill("SIGCONT");
      plan.say("thawed");
      thaw = Number.POSITIVE_INFINITY;
    }
    if (paused === undefined && done > plan.tasks * 0.1) {
      paused = [...stage.workers][0];
      paused?.kill("SIGSTOP");
      thaw = Date.now() + plan.pauseMs;
      plan.say(`paused ${paused?.pid}`);
    }
    if (restarts < plan.restarts && done > (plan.tasks * (restarts + 1)) / (plan.restarts + 1)) {
      const pid = Number(
        readFileSync(join(stage.dataDir, "cluster/postmaster.pid"), "utf8").split("\n")[0],
      );
      // SIGINT: a restart in order, its clients thrown out; SIGKILL: a crash.
      process.kill(pid, restarts % 2 === 0 ? "SIGINT" : "SIGKILL");
      restarts++;
      plan.say(`database restarted at ${done} tasks`);
    }
    if (Date.now() < nextKill || done < killedAt + plan.killEveryTasks) continue;
    killedAt = done;
    const victims = [...stage.workers].filter(
      (child) => child !== paused || thaw === Number.POSITIVE_INFINITY,
    );
    victims[Math.floor(plan.random() * victims.length)]?.kill("SIGKILL");
    kills++;
    nextKill = Date.now() + plan.killEveryMs * (0.5 + plan.random());
  }
  paused?.kill("SIGCONT");
  return { kills, restarts };
}

async function whatIsLeft(sql: ReturnType<typeof postgres>, folder: string) {
  const blobs = fileBlobs(folder);
  const [found] = await sql.query<{
    effects: number;
    runs: number;
    notSucceeded: number;
    versions: number;
    distinctVersions: number;
    begunAgain: number;
  }>(
    `select (select count(*) from chaos_effect) as effects,
       (select count(*) from millwright.run where pipeline = 'task') as runs,
       (select count(*) from millwright.run where pipeline = 'task' and state <> 'succeeded') as "notSucceeded",
       (select count(*) from millwright.model_version) as versions,
       (select count(distinct body->'params') from millwright.model_version) as "distinctVersions",
       (select count(*) - count(distinct (task, step)) from chaos_begin) as "begunAgain"`,
  );
  const schemas = ["millwright", "millwright_dbos", "public"];
  // Nothing runs any more, so nothing is too young.
  const input = { schemas, before: Date.now() + 60_000, dryRun: false };
  const { blobs: before, unnamed } = await collectOrphans({ sql, blobs }, input);
  let after = 0;
  for await (const _ of blobs.list()) after++;
  const named = await sql.query<{ blob: Digest }>("select blob from chaos_effect");
  const there = await Promise.all(named.map(({ blob }) => blobs.has(blob)));
  const lost = there.filter((has) => !has).length;
  return { ...found!, blobs: { before, unnamed, after }, lost };
}
