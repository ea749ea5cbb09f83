import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { dbosEngine } from "../../src/engine/dbos.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { ensurePostgres, stopPostgres } from "../../src/storage/sql/embedded.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import type { Sql } from "../../src/storage/sql/sql.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

// Inside the checkout, so that the bundle finds node_modules.
const BUNDLE = join(process.cwd(), ".millwright/crash/engine-worker.mjs");
const log = quietLog();

let folder: string;
let sql: Sql;
let observer: Engine;
let file: string;
const workers: ChildProcess[] = [];
let n = 0;

async function startWorker(crashAt = ""): Promise<ChildProcess> {
  const child = fork(BUNDLE, [folder], {
    env: { ...process.env, MILLWRIGHT_CRASH_AT: crashAt },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  workers.push(child);
  await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code, signal]) => {
      if (!crashAt && !child.connected)
        throw new Error(
          `worker ended with ${signal ?? code}: ${readFileSync(join(folder, "worker.log"), "utf8")}`,
        );
    }),
  ]);
  return child;
}
const ended = async (child: ChildProcess) => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.signalCode ?? child.exitCode;
};
const kill = async (child: ChildProcess) => {
  child.kill("SIGKILL");
  await ended(child);
};
const lines = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
const count = (line: string) => lines().filter((l) => l === line).length;
const until = async (claim: () => boolean | Promise<boolean>) => {
  while (!(await claim())) await sleep(20);
};
/** A step counts as completed once the next one has begun: from then on it must never begin again. */
const repeatedAfterCompletion = (): string[] => {
  const reached = new Map<string, number>();
  return lines().filter((line) => {
    const [word, run = "", step = ""] = line.split(" ");
    if (word !== "begin") return false;
    const index = Number(step.slice(1));
    const before = reached.get(run) ?? -1;
    reached.set(run, Math.max(before, index));
    return index < before;
  });
};
const postmasterPid = () =>
  Number(readFileSync(join(folder, "database/cluster/postmaster.pid"), "utf8").split("\n")[0]);

beforeAll(async () => {
  mkdirSync(join(process.cwd(), ".millwright/crash"), { recursive: true });
  await build({
    entryPoints: ["test/crash/engine-worker.ts"],
    outfile: BUNDLE,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  // As in dist: migrate.ts looks for the folder beside the program.
  cpSync("src/storage/migrations", join(process.cwd(), ".millwright/crash/migrations"), {
    recursive: true,
  });
  folder = mkdtempSync(join(tmpdir(), "millwright-crash-"));
  chmodSync(folder, 0o755);
  const server = await ensurePostgres({ dataDir: join(folder, "database"), log });
  sql = postgres(server.url, { log });
  await migrate(sql, { log });
  observer = dbosEngine({ url: server.url, sql, log });
  await observer.start({ work: false });
});
afterAll(async () => {
  await observer.stop();
  await sql.close();
  await stopPostgres(join(folder, "database"));
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  file = join(folder, `trace-${n++}`);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map(kill));
});

describe("kill -9 of a worker", () => {
  test("before a step is journaled: that step is repeated, and no other", async () => {
    const first = await startWorker("before-journal/s2");
    const id = await observer.submit("six steps", { file, ms: 1 });
    expect(await ended(first)).toBe("SIGKILL");
    await startWorker();
    expect(await observer.wait(id)).toBe("six");
    expect([0, 1, 2, 3, 4, 5].map((i) => count(`end ${id} s${i}`))).toEqual([1, 1, 2, 1, 1, 1]);
    expect((await observer.steps(id)).map((s) => s.attempts)).toEqual([1, 1, 2, 1, 1, 1]);
  });

  test("after a step was journaled: nothing is repeated", async () => {
    const first = await startWorker("after-journal/s2");
    const id = await observer.submit("six steps", { file, ms: 1 });
    expect(await ended(first)).toBe("SIGKILL");
    await startWorker();
    expect(await observer.wait(id)).toBe("six");
    expect([0, 1, 2, 3, 4, 5].map((i) => count(`end ${id} s${i}`))).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("its runs are taken over by the others; no completed step runs again", async () => {
    const [victim] = await Promise.all([startWorker(), startWorker(), startWorker()]);
    const ids = await Promise.all(
      Array.from({ length: 12 }, () => observer.submit("six steps", { file, ms: 100 })),
    );
    await until(() => lines().filter((line) => line.startsWith("end")).length > 15);
    await kill(victim!);
    for (const id of ids) expect(await observer.wait(id)).toBe("six");
    expect(repeatedAfterCompletion()).toEqual([]);
    const begun = lines().filter((line) => line.startsWith("begin")).length;
    expect(begun).toBeGreaterThanOrEqual(72);
    expect(begun).toBeLessThanOrEqual(72 + 4);
  });

  test("of a fan-out's parent, before and after the children are known to be submitted: each child once", async () => {
    for (const point of ["before-journal/all", "after-journal/all"]) {
      const first = await startWorker(point);
      const id = await observer.submit("many", { file, ms: 5, n: 8 });
      expect(await ended(first)).toBe("SIGKILL");
      const second = await startWorker();
      expect(await observer.wait(id)).toBe(8);
      const children = await observer.list({ parent: id });
      expect(children).toHaveLength(8);
      for (const child of children) expect(count(`end ${child.id} s5`)).toBe(1);
      await kill(second);
    }
  });

  test("in the same step again and again: the run fails and says why", async () => {
    await startWorker();
    const id = await observer.submit("poison", null);
    const failed = observer.wait(id).then(
      () => "succeeded",
      (error: Error) => error.message,
    );
    let over = false;
    void failed.then(() => {
      over = true;
    });
    while (!over) {
      if (workers.every((w) => w.exitCode !== null || w.signalCode !== null)) await startWorker();
      await sleep(50);
    }
    expect(await failed).toMatch(/died 5 times in the middle of step 'swallow'/);
  });

  test("frozen, taken over, thawed: the run ends once", async () => {
    const frozen = await startWorker();
    const id = await observer.submit("six steps", { file, ms: 300 });
    await until(() => count(`begin ${id} s1`) === 1);
    frozen.kill("SIGSTOP");
    await startWorker();
    expect(await observer.wait(id)).toBe("six");
    frozen.kill("SIGCONT");
    await sleep(1500);
    expect(count(`end ${id} s5`)).toBe(1);
    expect(count(`end ${id} s0`)).toBe(1);
    expect(await observer.get(id)).toMatchObject({ state: "succeeded", output: "six" });
  });
});

describe("kill -9 of PostgreSQL", () => {
  test("in the middle of runs: its owner starts it again and every run ends, each step completed once", async () => {
    await startWorker();
    const ids = await Promise.all(
      [1, 2, 3].map(() => observer.submit("six steps", { file, ms: 150 })),
    );
    await until(() => lines().filter((line) => line.startsWith("end")).length > 5);
    const pid = postmasterPid();
    process.kill(pid, "SIGKILL");
    for (const id of ids) expect(await observer.wait(id)).toBe("six");
    expect(postmasterPid()).not.toBe(pid);
    for (const id of ids)
      for (let i = 0; i < 6; i++) expect(count(`end ${id} s${i}`), `${id} s${i}`).toBe(1);
  });

  test("together with its owner: the next one starts both, and goes on", async () => {
    const owner = await startWorker();
    const id = await observer.submit("six steps", { file, ms: 100 });
    await until(() => count(`begin ${id} s2`) === 1);
    const pid = postmasterPid();
    owner.kill("SIGKILL");
    process.kill(pid, "SIGKILL");
    await ended(owner);
    await startWorker();
    expect(await observer.wait(id)).toBe("six");
    expect(repeatedAfterCompletion()).toEqual([]);
  });
});

describe("a run that waits", () => {
  test("gets the signal that was sent while nobody lived", async () => {
    const first = await startWorker();
    const id = await observer.submit("ask", { file });
    await until(async () => (await observer.get(id))?.state === "waiting");
    await kill(first);
    await observer.signal(id, "answer", "yes");
    await startWorker();
    expect(await observer.wait(id)).toBe("yes");
    expect(lines()).toEqual(["end before", "end after"]);
  });
});

test("a stopped worker's process ends by itself, and its runs go to the next", async () => {
  const first = await startWorker();
  const id = await observer.submit("six steps", { file, ms: 200 });
  await until(() => count(`begin ${id} s2`) === 1);
  first.send("stop");
  expect(await ended(first)).toBe(0);
  await startWorker();
  expect(await observer.wait(id)).toBe("six");
  for (const done of [0, 1]) expect(count(`end ${id} s${done}`)).toBe(1);
});
