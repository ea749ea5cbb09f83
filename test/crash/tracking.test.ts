/** kill -9 of tracking servers, and of PostgreSQL, under a storm of calls: what was acknowledged is whole, nothing is there in half. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { random } from "../../src/lib/random.ts";
import { ensurePostgres, stopPostgres } from "../../src/storage/sql/embedded.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import type { Sql } from "../../src/storage/sql/sql.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { newStory, RUN_TAGS, storm } from "./tracking-storm.ts";

const CALLERS = 24;
const SERVERS = 2;
const KILLS = 6;
const cache = join(process.cwd(), `.millwright/crash/tracking-${process.pid}`);
const program = join(cache, "tracking.mjs");
const log = quietLog();
const servers: { readonly url: string; readonly port: number; process: ChildProcess }[] = [];
let folder: string;
let sql: Sql;

const started = (port: number): ChildProcess =>
  spawn(process.execPath, [program, folder, String(port)], { stdio: "inherit" });

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
};
const up = async (url: string): Promise<void> => {
  while (!(await answers(url))) await pause(20);
};

beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  await build({
    entryPoints: ["test/crash/tracking-process.ts"],
    outfile: program,
    ...{ bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error" },
  });
  // As in dist: migrate.ts looks for the folder beside the program.
  cpSync("src/storage/migrations", join(cache, "migrations"), { recursive: true });
  folder = mkdtempSync(join(tmpdir(), "millwright-crash-"));
  chmodSync(folder, 0o755);
  const server = await ensurePostgres({ dataDir: join(folder, "database"), log });
  sql = postgres(server.url, { log });
  for (let i = 0; i < SERVERS; i++) {
    const port = await freePort();
    servers.push({ port, url: `http://127.0.0.1:${port}`, process: started(port) });
  }
  for (const { url } of servers) await up(url);
});
afterAll(async () => {
  for (const { process: child } of servers) child.kill("SIGKILL");
  await sql?.close();
  if (folder) await stopPostgres(join(folder, "database"));
  for (const path of [folder, cache]) rmSync(path, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
const call = async (path: string, body: object): Promise<any> => {
  const answer = await fetch(`${servers[0]!.url}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.json();
};

async function kill(server: (typeof servers)[number]): Promise<void> {
  server.process.kill("SIGKILL");
  await once(server.process, "exit");
  server.process = started(server.port);
}

function killPostgres(): void {
  const file = join(folder, "database/cluster/postmaster.pid");
  process.kill(Number(readFileSync(file, "utf8").split("\n")[0]), "SIGKILL");
}

test("a storm of calls, servers killed again and again, PostgreSQL once: acknowledged is whole, the rest is whole or not there", async () => {
  const story = newStory();
  const rng = random("tracking-crash");
  const { experiment_id: experiment } = await call("experiments/create", { name: "storm" });
  const runs: string[] = [];
  for (let i = 0; i < CALLERS; i++)
    runs.push((await call("runs/create", { experiment_id: experiment })).run.info.run_id);
  let isOver = false;
  const callers = runs.map((own, i) =>
    storm({
      ...{ experiment, story, rng: rng.split(i), isOver: () => isOver },
      // Mostly one server each, as a client has; a quarter meet at the others' runs through both.
      urls: i % 4 === 0 ? servers.map(({ url }) => url) : [servers[i % SERVERS]!.url],
      runs: i % 4 === 0 ? runs.slice(0, 8) : [runs[0]!, own],
    }),
  );
  const kept = () => story.batches.filter((batch) => batch.acknowledged).length;
  for (let i = 0; i < KILLS; i++) {
    const before = kept();
    // Not before the storm is under way again.
    while (kept() < before + 100) await pause(20);
    await pause(rng.int(400));
    if (i === KILLS - 2) killPostgres();
    else await kill(servers[i % SERVERS]!);
  }
  const before = kept();
  while (kept() < before + 100) await pause(20);
  isOver = true;
  await Promise.all(callers);
  expect(story.wrong).toEqual([]);
  expect(story.batches.filter((batch) => !batch.acknowledged).length).toBeGreaterThan(0);

  await expectBatches(story.batches);
  await expectLatest();
  for (const [name, told] of story.contested) {
    const [run, key] = name.split(" ");
    const rows = await sql.query<{ value: string }>(
      `select p.value from millwright.param p join millwright.tracked_run r on r.seq = p.run
       join millwright.tracked_key k on k.id = p.key where r.id = $1 and k.name = $2`,
      [run, key],
    );
    expect(rows.map(({ value }) => value)).toEqual([...told]);
  }
  const found = await sql.query<{ id: string; tags: number }>(
    `select r.id, (select count(*) from millwright.run_tag t where t.run = r.seq) as tags
     from millwright.tracked_run r where r.experiment = $1 and r.id <> all($2::text[])`,
    [experiment, runs],
  );
  expect(found.filter(({ tags }) => tags !== RUN_TAGS)).toEqual([]);
  expect([...story.created].filter((id) => !found.some((run) => run.id === id))).toEqual([]);
});

/** By SQL, not by the code that is tested. */
async function expectBatches(batches: ReturnType<typeof newStory>["batches"]): Promise<void> {
  const named = (table: string, columns: string) =>
    sql.query<{ run: string; key: string; value: string | number; step: number; at: number }>(
      `select r.id as run, k.name as key, ${columns} from millwright.${table} v
       join millwright.tracked_run r on r.seq = v.run join millwright.tracked_key k on k.id = v.key`,
    );
  const there = new Map<number, Set<string>>();
  const note = (at: number, what: string): void => {
    const set = there.get(at) ?? new Set();
    there.set(at, set.add(what));
  };
  for (const row of await named("metric", "v.value, v.step, v.timestamp as at"))
    note(row.at, `${row.run} ${row.key} ${row.value} ${row.step}`);
  for (const table of ["param", "run_tag"])
    for (const row of await named(table, "v.value, 0 as step, 0 as at"))
      if (/^[pt]\d+-\d+$/.test(row.key)) note(Number(row.value), `${row.run} ${row.key}`);

  const wrong: string[] = [];
  let points = 0;
  for (const { run, number, metrics, params, tags, acknowledged } of batches) {
    const all = [
      ...metrics.map(({ key, value, step }) => `${run} ${key} ${value} ${step}`),
      ...[...params, ...tags].map(({ key }) => `${run} ${key}`),
    ];
    const found = there.get(number) ?? new Set();
    there.delete(number);
    points += metrics.length;
    const have = all.filter((one) => found.has(one)).length;
    const whole = have === all.length && found.size === new Set(all).size;
    if (!whole && (acknowledged || found.size > 0))
      wrong.push(`batch ${number}: ${have} of ${all.length}, ${found.size} rows, ${acknowledged}`);
  }
  expect(wrong).toEqual([]);
  expect([...there.keys()]).toEqual([]);
  expect(points).toBeGreaterThan(1000);
}

async function expectLatest(): Promise<void> {
  const greatest = `select distinct on (run, key) run, key, step, timestamp, value from millwright.metric
    order by run, key, step desc, timestamp desc, value desc`;
  const latest = "select run, key, step, timestamp, value from millwright.latest_metric";
  const apart = await sql.query(
    `(${latest} except (${greatest})) union all ((${greatest}) except ${latest})`,
  );
  expect(apart).toEqual([]);
}

const contentOf = (name: string, bytes: number): Buffer => {
  const rng = random(name);
  const seed = Buffer.from(Array.from({ length: 4096 }, () => rng.int(256)));
  return Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 4096) }, () => seed),
    bytes,
  );
};
const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("uploads, servers killed in their midst: a file is there as it was sent, as it was before, or not at all", async () => {
  const rng = random("artifact-crash");
  const [server] = servers;
  const urlOf = (name: string) =>
    `${server!.url}/api/2.0/mlflow-artifacts/artifacts/crash/folder/${name}`;
  const put = async (name: string, content: Buffer): Promise<boolean> => {
    try {
      const answer = await fetch(urlOf(name), { method: "PUT", body: new Uint8Array(content) });
      return answer.status === 200;
    } catch {
      return false;
    }
  };
  const digests = new Map<string, Set<string>>();
  const promised = new Map<string, string>();
  let cut = 0;
  for (let round = 0; round < 4; round++) {
    let isOver = false;
    const uploads = Array.from({ length: 6 }, async (_, i) => {
      for (let n = 0; !isOver; n++) {
        // The same few names again and again: most replace a file.
        const name = `${i}-${n % 4}.bin`;
        const content = contentOf(`${name} ${round} ${n}`, 100_000 + rng.int(3_000_000));
        const digest = digestOf(content);
        digests.set(name, (digests.get(name) ?? new Set()).add(digest));
        const before = promised.get(name);
        // While it is under way either may be there.
        promised.delete(name);
        if (await put(name, content)) promised.set(name, digest);
        else {
          cut++;
          if (before) digests.set(name, new Set([before, digest]));
        }
      }
    });
    const half = begun(urlOf(`half-${round}.bin`));
    while (promised.size < 6) await pause(10);
    await pause(rng.int(500));
    isOver = true;
    await kill(server!);
    await Promise.all(uploads);
    half.destroy();
    await up(server!.url);
    expect((await fetch(urlOf(`half-${round}.bin`))).status).toBe(404);
    for (const [name, allowed] of digests) {
      const answer = await fetch(urlOf(name));
      const must = promised.get(name);
      if (answer.status === 404) {
        expect(must).toBe(undefined);
        continue;
      }
      const found = digestOf(new Uint8Array(await answer.arrayBuffer()));
      if (must) expect(found).toBe(must);
      else expect([...allowed]).toContain(found);
    }
  }
  expect(cut).toBeGreaterThan(0);
});

/** Says that a megabyte will come, and sends half. */
function begun(url: string) {
  const asked = request(url, { method: "PUT", headers: { "content-length": 2 ** 20 } });
  asked.on("error", () => {});
  asked.write(Buffer.alloc(2 ** 19));
  return asked;
}
