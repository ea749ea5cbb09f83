/**
 * How long runs/search takes: RUNS runs (100,000) of 20 metrics, 20 params and 6 tags, 70 % of them in one experiment and the rest
 * in twenty. Each search is asked TIMES times (15) in a warm database, over one connection and without parallel workers: ms of CPU
 * that PostgreSQL and this process spent a time, which load by others changes little, and the least and the median wall time, of finding
 * the page and of reading what is shown of its runs, as the text of its JSON. CPU of PostgreSQL is known on Linux only.
 * Run: npx esbuild bench/tracking-search/run.ts --bundle --platform=node --format=esm --packages=external --outfile=dist/bench-search.mjs && node dist/bench-search.mjs [folder]
 * A folder that is given keeps the database for the next time. EXPLAIN=<words of a search> prints PostgreSQL's plan of it.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../src/storage/migrate.ts";
import { ensurePostgres } from "../../src/storage/sql/embedded.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import type { Sql } from "../../src/storage/sql/sql.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { trackedKeys } from "../../src/tracking/keys/store.ts";
import { parseFilter } from "../../src/tracking/search/filter.ts";
import type { Position } from "../../src/tracking/search/keyset.ts";
import { RUNS } from "../../src/tracking/search/kinds.ts";
import { parseOrder } from "../../src/tracking/search/order.ts";
import { searchStore } from "../../src/tracking/search/store.ts";

const COUNT = Number(process.env.RUNS ?? 100_000);
const TIMES = Number(process.env.TIMES ?? 15);
const kept = process.argv[2];
const folder = kept ?? mkdtempSync(join(tmpdir(), "millwright-bench-search-"));
chmodSync(folder, 0o755);
const log = quietLog();
const server = await ensurePostgres({ dataDir: join(folder, "database"), log });
const sql = postgres(server.url, { log, maxConnections: 1 });
const [kind] = await sql.query("select to_regclass('millwright.tracked_run')::text as name");
if (kind?.name == null) await migrate(sql, { log });

async function load(): Promise<void> {
  const statements = [
    `insert into millwright.experiment (id, name, artifact_location, created_at, updated_at)
     select i, 'e' || i, 'mlflow-artifacts:/' || i, i, i from generate_series(1, 21) i`,
    `insert into millwright.tracked_key (name)
     select p || i from unnest(array['m', 'p', 't']) p, generate_series(1, 20) i`,
    `insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, end_time, artifact_uri)
     select md5(i::text), case when i % 10 < 7 then 1 else 2 + i / 10 % 20 end, 'run-' || i, 'user' || i % 9,
       case when i % 20 = 0 then 'FAILED' else 'FINISHED' end, 1700000000000 + i * 977::bigint % 86400000, 1800000000000 + i,
       'mlflow-artifacts:/1/' || i
     from generate_series(1, ${COUNT}) i`,
    // m1 to m18 of every run; m19 of a tenth; m20 is NaN in a tenth and missing in a tenth.
    `insert into millwright.latest_metric (run, key, experiment, value, timestamp, step)
     select r.seq, k.id, r.experiment, case when k.name = 'm20' and r.seq % 10 = 1 then 'NaN' else random() end, 1700000000000, 100
     from millwright.tracked_run r, millwright.tracked_key k
     where k.name like 'm%' and not (k.name = 'm19' and r.seq % 10 > 0) and not (k.name = 'm20' and r.seq % 10 = 2)`,
    // p1: 10 values, p2: 1000, p3: all different, the others 4 each.
    `insert into millwright.param (run, key, value)
     select r.seq, k.id, case k.name when 'p1' then r.seq % 10 when 'p2' then r.seq % 1000 when 'p3' then r.seq
       else (r.seq * k.id) % 4 end::text
     from millwright.tracked_run r, millwright.tracked_key k where k.name like 'p%'`,
    `insert into millwright.run_tag (run, key, value)
     select r.seq, k.id, case k.name when 't1' then r.seq % 5 when 't2' then r.seq % 500 else r.seq % 3 end::text
     from millwright.tracked_run r, millwright.tracked_key k where k.name in ('t1', 't2', 't3', 't4', 't5', 't6')`,
    "analyze",
  ];
  for (const statement of statements) await sql.query(statement);
}

const [{ there }] = (await sql.query<{ there: number }>(
  "select count(*) as there from millwright.tracked_run",
)) as [{ there: number }];
if (there === 0) await load();

/** A condition on each of 46 names. */
function everyKey(): string {
  const numbers = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
  return [
    ...numbers(18).map((i) => `metrics.m${i} > 0.01`),
    ...numbers(20).map((i) => `params.p${i} != 'x'`),
    ...numbers(6).map((i) => `tags.t${i} LIKE '%'`),
  ].join(" and ");
}

const SEARCHES: readonly [experiments: string, filter: string, order: string, page?: number][] = [
  ["1", "", ""],
  ["1", "", "", 30],
  ["1", "", "start_time ASC"],
  ["1", "", "metrics.m1 DESC"],
  ["1", "", "metrics.m1 ASC", 30],
  ["1", "", "metrics.m19 DESC", 5],
  ["1", "", "metrics.m20 DESC, run_name ASC"],
  ["1", "", "params.p3"],
  ["1", "", "end_time DESC"],
  ["1", "metrics.m1 > 0.5", ""],
  ["1", "metrics.m1 > 0.9999", ""],
  ["1", "metrics.m1 > 0.9 and metrics.m2 < 0.1", "metrics.m3 DESC"],
  ["1", "metrics.m1 > 0.99 and metrics.m2 < 0.01", "metrics.m3 DESC"],
  ["1", "params.p1 = '3'", "metrics.m1 DESC"],
  ["1", "params.p2 = '33'", "metrics.m1 DESC"],
  ["1", "params.p3 = '33'", "metrics.m1 DESC"],
  ["1", "params.p5 != '1' and tags.t1 = '2'", "metrics.m1 DESC"],
  ["1", "tags.t2 = '17' and attributes.status = 'FINISHED'", ""],
  ["1", "params.p3 LIKE '%77%'", "metrics.m4"],
  ["1", "tags.t1 LIKE 'z%'", "metrics.m4"],
  ["1", "run_name ILIKE '%-99%' and params.p1 IS NOT NULL", "start_time DESC"],
  ["1", "params.p1 = '3' and params.p4 = '2' and params.p5 = '1' and tags.t1 = '3'", "metrics.m2"],
  ["all", "", ""],
  ["all", "", "metrics.m1 DESC"],
  ["all", "metrics.m2 > 0.5", "metrics.m1 DESC", 5],
  ["all", "params.p1 = '3'", "metrics.m1 DESC"],
  ["all", "params.p2 = '33'", ""],
  ["1", everyKey(), "metrics.m2 DESC"],
];

const keys = trackedKeys(sql);
const store = searchStore(sql, keys);
const ALL = Array.from({ length: 21 }, (_, i) => String(i + 1));

await sql.query("set max_parallel_workers_per_gather = 0");
const [{ pid }] = (await sql.query<{ pid: number }>("select pg_backend_pid() as pid")) as [
  { pid: number },
];

/** Milliseconds of CPU so far: of the backend, of this process. */
function spent(): readonly [number, number] {
  const { user, system } = process.cpuUsage();
  let backend = Number.NaN;
  try {
    backend = Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {}
  return [backend, (user + system) / 1000];
}

interface Measured<T> {
  readonly result: T;
  /** `PostgreSQL | Node | least | median`, in ms. */
  readonly cells: string;
}

async function measure<T>(work: () => Promise<T>): Promise<Measured<T>> {
  let result = await work();
  const times: number[] = [];
  const before = spent();
  for (let i = 0; i < TIMES; i++) {
    const begin = performance.now();
    result = await work();
    times.push(performance.now() - begin);
  }
  const after = spent();
  times.sort((a, b) => a - b);
  const numbers = [
    ...[0, 1].map((i) => (after[i]! - before[i]!) / TIMES),
    ...[times[0]!, times[Math.floor(TIMES / 2)]!],
  ];
  return { result, cells: numbers.map((ms) => ms.toFixed(1)).join(" | ") };
}

/** Notes what is asked, so that it can be explained. */
const asked: { text: string; parameters: readonly unknown[] }[] = [];
const noting: Sql = {
  ...sql,
  query(text, parameters) {
    asked.push({ text, parameters: parameters ?? [] });
    return sql.query(text, parameters);
  },
};

process.stdout.write(
  `${there || COUNT} runs\n| experiments | filter | order | page | of | find: PG | Node | least | median | text: PG | Node | least | median | MB |\n|${"---|".repeat(14)}\n`,
);
for (const [where, filter, order, page = 1] of SEARCHES) {
  const words = `${where} ${filter} ${order}`;
  if (process.env.ONLY && !words.includes(process.env.ONLY)) continue;
  const search = {
    experiments: where === "all" ? ALL : [where],
    view: "ACTIVE_ONLY" as const,
    clauses: parseFilter(filter, RUNS),
    order: parseOrder(order === "" ? [] : order.split(", "), RUNS),
  };
  for (const count of [100, 1000]) {
    let position: Position | undefined;
    for (let i = 1; i < page; i++)
      position = (await store.runs(search, { position, count })).next ?? position;
    const found = await measure(() => store.runs(search, { position, count }));
    const texts = await measure(
      async () => (await store.texts(found.result.items)).join(",").length,
    );
    process.stdout.write(
      `| ${where} | ${filter.length > 200 ? "on every name" : filter} | ${order} | ${page} | ${count} | ${found.cells} | ${texts.cells} | ${(texts.result / 1e6).toFixed(1)} |\n`,
    );
    if (process.env.EXPLAIN && words.includes(process.env.EXPLAIN)) {
      await searchStore(noting, keys).runs(search, { position, count });
      for (const { text, parameters } of asked.splice(0)) {
        const plan = await sql.query(`explain (analyze, buffers) ${text}`, parameters);
        process.stdout.write(`${text}\n${plan.map((row) => Object.values(row)[0]).join("\n")}\n`);
      }
    }
  }
}
await sql.close();
await server.stop();
if (kept === undefined) rmSync(folder, { recursive: true, force: true });
