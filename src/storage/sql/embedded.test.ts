import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quietLog } from "../../testing/quiet-log.ts";
import { ensurePostgres, stopPostgres } from "./embedded.ts";
import { readState } from "./embedded-state.ts";
import { keepPostgres } from "./keep-postgres.ts";
import { processAlive } from "./process-alive.ts";

const log = quietLog();
const root = process.getuid?.() === 0;

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return Object.values((await client.query(text)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

const stateOf = (dataDir: string) => readState(dataDir) ?? { cluster: "", port: 0 };

const until = async (claim: () => boolean) => {
  while (!claim()) await new Promise((resolve) => setTimeout(resolve, 20));
};

describe("the embedded database", () => {
  let folder: string;
  let dataDir: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "millwright-pg-"));
    // As in a project: the folder above may be entered by others.
    if (root) (await import("node:fs")).chmodSync(folder, 0o755);
    dataDir = join(folder, "database");
  });
  afterAll(async () => {
    await stopPostgres(dataDir);
    rmSync(folder, { recursive: true, force: true });
  });

  test("two starters at once: one starts, the other adopts", async () => {
    const both = await Promise.all([
      ensurePostgres({ dataDir, log }),
      ensurePostgres({ dataDir, log }),
    ]);
    expect(both.map((s) => s.adopted).sort()).toEqual([false, true]);
    expect(both[0]?.pid).toBe(both[1]?.pid);
    expect(await ask(both[0].url, "select lower('ÄÖ')")).toBe("äö");
  });

  test("the password is readable by its owner only, and never in a message", () => {
    expect(statSync(join(dataDir, "server.json")).mode & 0o777).toBe(0o600);
    const { password } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8"));
    expect(log.lines.join("\n")).not.toContain(password);
  });

  test("a stopped server starts again on the same port with the same data", async () => {
    const first = await ensurePostgres({ dataDir, log });
    await ask(first.url, "create table kept as select 7 as n");
    await first.stop();
    expect(processAlive(first.pid)).toBe(false);
    const second = await ensurePostgres({ dataDir, log });
    expect(second.adopted).toBe(false);
    expect(second.url).toBe(first.url);
    expect(await ask(second.url, "select n from kept")).toBe(7);
  });

  test("kill -9 of the server: the keeper restarts it, acknowledged rows are there", async () => {
    const kept = await keepPostgres({ dataDir, log });
    const { pid } = kept;
    await ask(kept.url, "insert into kept values (8)");
    process.kill(pid, "SIGKILL");
    await until(() => kept.pid !== pid);
    expect(await ask(kept.url, "select count(*)::int from kept")).toBe(2);
    await kept.release();
  });

  test("a port taken by another program: the server moves", async () => {
    await stopPostgres(dataDir);
    const { port } = stateOf(dataDir);
    const squatter = createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    const server = await ensurePostgres({ dataDir, log });
    squatter.close();
    expect(new URL(server.url).port).not.toBe(String(port));
    expect(stateOf(dataDir).port).not.toBe(port);
  });

  test("a starter that died holding the lock does not block the next", async () => {
    await stopPostgres(dataDir);
    mkdirSync(join(dataDir, "starting.lock"));
    writeFileSync(join(dataDir, "starting.lock", "pid"), "2000000000");
    expect((await ensurePostgres({ dataDir, log })).adopted).toBe(false);
  });

  test("a lock file of a dead server whose pid is another program now is removed", async () => {
    const server = await ensurePostgres({ dataDir, log });
    const { cluster } = stateOf(dataDir);
    const lock = readFileSync(join(cluster, "postmaster.pid"), "utf8");
    await server.stop();
    writeFileSync(join(cluster, "postmaster.pid"), lock.replace(/^\d+/, String(process.pid)));
    expect((await ensurePostgres({ dataDir, log })).adopted).toBe(false);
  });

  test("a lost server.json: the data stays, a new password is set", async () => {
    await stopPostgres(dataDir);
    rmSync(join(dataDir, "server.json"));
    const server = await ensurePostgres({ dataDir, log });
    expect(await ask(server.url, "select count(*)::int from kept")).toBe(2);
  });

  test("a missing cluster is an error, never an empty database", async () => {
    await stopPostgres(dataDir);
    const { cluster } = stateOf(dataDir);
    renameSync(cluster, `${cluster}.away`);
    await expect(ensurePostgres({ dataDir, log })).rejects.toThrow(/is missing. Mount or restore/);
    renameSync(`${cluster}.away`, cluster);
  });

  test("a project that was moved, or copied while stopped, has its data", async () => {
    await stopPostgres(dataDir);
    const [moved, copied] = [join(folder, "moved"), join(folder, "copied")];
    cpSync(dataDir, copied, { recursive: true });
    if (root) {
      const { uid, gid } = statSync(stateOf(dataDir).cluster);
      spawnSync("chown", ["-R", `${uid}:${gid}`, join(copied, "cluster")]);
    }
    renameSync(dataDir, moved);
    for (const at of [moved, copied]) {
      const server = await ensurePostgres({ dataDir: at, log });
      expect(await ask(server.url, "select count(*)::int from kept")).toBe(2);
    }
    await stopPostgres(copied);
    await stopPostgres(moved);
    renameSync(moved, dataDir);
  });

  test.runIf(root)(
    "root in a private folder: the cluster lies elsewhere and is found again",
    async () => {
      const secret = join(folder, "secret");
      const mine = join(secret, "database");
      mkdirSync(secret, { mode: 0o700 });
      const first = await ensurePostgres({ dataDir: mine, log });
      const { cluster } = stateOf(mine);
      try {
        expect(cluster.startsWith(secret)).toBe(false);
        await ask(first.url, "create table kept as select 9 as n");
        await first.stop();
        const second = await ensurePostgres({ dataDir: mine, log });
        expect(await ask(second.url, "select n from kept")).toBe(9);

        const copy = join(folder, "copy");
        cpSync(mine, copy, { recursive: true });
        await stopPostgres(mine);
        await expect(ensurePostgres({ dataDir: copy, log })).rejects.toThrow(/looks like a copy/);
      } finally {
        await stopPostgres(mine);
        rmSync(cluster, { recursive: true, force: true });
        rmSync(`${cluster}.owner`, { force: true });
        expect(dirname(cluster)).toBe("/var/lib/millwright");
      }
    },
  );
});
