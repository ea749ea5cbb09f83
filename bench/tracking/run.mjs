/**
 * MLflow's calls: our server against MLflow's own, on the same PostgreSQL, in turns, with the same load generator. From the root:
 *
 *   PYTHON=<an interpreter with mlflow and psycopg2-binary> node bench/tracking/run.mjs
 *     [--seconds 3] [--rounds 1] [--clients 1,20,100] [--rows log-metric,…] [--runs 100000] [--workers 4] [--gigabytes 1]
 *     [--profile <folder>] [--out RESULTS]
 *
 * Needs wrk (apt-get install --no-install-recommends wrk). Without PYTHON only ours is measured. MLflow runs as `mlflow server` starts
 * it (4 workers). Results go to bench/tracking/<out>.json and .md.
 */
import { execFileSync } from "node:child_process";
import { createReadStream, writeFileSync } from "node:fs";
import { request } from "node:http";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cpuOf, load, memoryOf, needsWrk } from "../serving/load.mjs";
import { call, stage } from "./contenders.mjs";
import { report } from "./report.mjs";

const list = (text) => text.split(",").filter(Boolean);
const { values: given } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "1" },
    clients: { type: "string", default: "1,20,100" },
    rows: { type: "string", default: "" },
    runs: { type: "string", default: "100000" },
    workers: { type: "string", default: "4" },
    gigabytes: { type: "string", default: "1" },
    profile: { type: "string" },
    out: { type: "string", default: "RESULTS" },
  },
});
const LONGEST_S = 40;
const python = process.env.PYTHON;
needsWrk();
const { folder, ours, theirs, end } = await stage({ python, workers: given.workers, profile: given.profile });
const cells = [];
const contenders = [await ours(), ...(python === undefined ? [] : [await theirs()])];
const wanted = list(given.rows);
const measures = (name) => wanted.length === 0 || wanted.includes(name);
const clients = list(given.clients).map(Number);

for (const contender of contenders) await prepare(contender);
const metric = (i) => ({ key: `k${i % 10}`, value: Math.sin(i), timestamp: 1_700_000_000_000 + i, step: i });
const batch = ({ runs }, i, n) => ({
  run_id: runs[i % runs.length],
  metrics: [...Array(n).keys()].map((k) => metric(i * n + k)),
});
const writes = {
  "log-metric": ({ runs }, i) => ["runs/log-metric", { run_id: runs[i % runs.length], ...metric(i) }],
  "log-batch 10": (c, i) => ["runs/log-batch", batch(c, i, 10)],
  "log-batch 100": (c, i) => ["runs/log-batch", batch(c, i, 100)],
  "log-batch 1000": (c, i) => ["runs/log-batch", batch(c, i, 1000)],
  "log-param": ({ runs }, i) => ["runs/log-parameter", { run_id: runs[i % runs.length], key: `p${Math.floor(i / runs.length)}`, value: "0.1" }],
  "create-run": ({ experiment }, i) => ["runs/create", { experiment_id: experiment, user_id: "bench", start_time: 1_700_000_000_000 + i, tags: [{ key: "mlflow.user", value: "bench" }] }],
};
const LINES = { "log-batch 100": 6000, "log-batch 1000": 600 };
let step = 0;
for (const [row, make] of Object.entries(writes)) {
  if (!measures(row)) continue;
  await everyCell(row, clients, (contender) => {
    const lines = LINES[row] ?? 40_000;
    const from = step;
    step += lines;
    return [...Array(lines).keys()].map((i) => make(contender, from + i));
  });
}

const searches = {
  "search newest 100": { max_results: 100 },
  "search filter + order 100": { max_results: 100, filter: "metrics.m0 < 0.5 and params.p1 = '3'", order_by: ["metrics.m1 DESC"] },
  "search order by metric 100": { max_results: 100, order_by: ["metrics.m2 ASC"] },
  "search newest 1000": { max_results: 1000 },
};
for (const [row, query] of Object.entries(searches)) {
  if (!measures(row)) continue;
  for (const contender of contenders) await corpus(contender);
  await everyCell(row, clients, ({ corpusId }) => [["runs/search", { experiment_ids: [corpusId], ...query }]]);
}
if (measures("history 1M")) await inTurns("history 1M", history);
if (measures("artifact up")) await inTurns("artifact up", (c) => artifact(c, "PUT"));
if (measures("artifact down")) await inTurns("artifact down", (c) => artifact(c, "GET"));

await end(contenders);
const about = {
  command: `node bench/tracking/run.mjs ${process.argv.slice(2).join(" ")}`.trim(),
  machine: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
  load: loadavg()[0],
  theirs: python === undefined ? "left out" : `MLflow ${execFileSync(python, ["-c", "import mlflow; print(mlflow.__version__)"], { encoding: "utf8" }).trim()}, ${given.workers} workers`,
};
writeFileSync(`bench/tracking/${given.out}.json`, `${JSON.stringify({ about, cells }, null, 1)}\n`);
const text = report(about, cells);
writeFileSync(`bench/tracking/${given.out}.md`, text);
console.log(text);

/** An experiment with 200 runs to write to. */
async function prepare(contender) {
  contender.experiment = (await call(contender, "experiments/create", { name: "writes" })).experiment_id;
  contender.runs = [];
  for (let i = 0; i < 200; i++)
    contender.runs.push((await call(contender, "runs/create", { experiment_id: contender.experiment, start_time: 1, user_id: "bench" })).run.info.run_id);
}

async function corpus(contender) {
  if (contender.corpusId !== undefined) return;
  contender.corpusId = (await call(contender, "experiments/create", { name: "corpus" })).experiment_id;
  const shape = { runs: Number(given.runs), metrics: 20, experiment: Number(contender.corpusId) };
  await contender.loadCorpus(contender.sql, shape);
  await contender.sql.query("vacuum analyze");
}

async function everyCell(row, counts, linesOf) {
  for (let round = 0; round < Number(given.rounds); round++)
    for (const connections of counts)
      for (const contender of contenders) {
        const lines = linesOf(contender).map(([path, body]) => `/api/2.0/mlflow/${path}\t${JSON.stringify(body)}`);
        const bodies = join(folder, "bodies.jsonl");
        writeFileSync(bodies, `${lines.join("\n")}\n`);
        const { name, url, pid } = contender;
        const cell = await longEnough({ url, bodies, connections, seconds: Number(given.seconds), pid });
        keep({ row, server: name, clients: connections, round, ...cell });
      }
}

/** wrk knows nothing of calls still under way at its end: where few have been answered, once more and longer. */
async function longEnough(asked) {
  await idle(asked.pid);
  const { seconds, connections } = asked;
  const cell = await load(asked);
  if (cell.rps * seconds >= 4 * connections + 20 || seconds === LONGEST_S) return cell;
  return longEnough({ ...asked, seconds: Math.min(LONGEST_S, seconds * 4) });
}

/** What the last load left behind is done first: at most a tenth of a core for half a second. */
async function idle(pid) {
  for (let i = 0, before = cpuOf(pid); i < 120; i++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = cpuOf(pid);
    if (now - before < 0.05) return;
    before = now;
  }
}

function keep(cell) {
  cells.push(cell);
  const { row, server, clients: n, rps, seconds, p50, p99, memoryMb, bad } = cell;
  const speed = seconds === undefined ? `${rps.toFixed(1)}/s p50 ${p50} p99 ${p99} ms` : `${seconds.toFixed(2)} s`;
  console.log(`${row.padEnd(28)} c${String(n).padEnd(4)} ${server.padEnd(7)} ${speed}, ${memoryMb.toFixed(0)} MB${bad ? `, ${bad} bad` : ""}`);
}

async function inTurns(row, measure) {
  for (let round = 0; round < Number(given.rounds); round++)
    for (const contender of contenders) keep({ row, server: contender.name, clients: 1, round, ...(await measure(contender)) });
}

/** As the client reads it: pages of 25,000. */
async function history(contender) {
  const run = contender.runs[0];
  if (!contender.hasHistory) await contender.loadHistory(contender.sql, { run, key: "long", points: 1_000_000 });
  contender.hasHistory = true;
  const started = performance.now();
  let points = 0;
  for (let token = ""; ; ) {
    const page = token === "" ? "" : `&page_token=${encodeURIComponent(token)}`;
    const answer = await fetch(`${contender.url}/api/2.0/mlflow/metrics/get-history?run_id=${run}&metric_key=long&max_results=25000${page}`);
    const { metrics, next_page_token: next } = await answer.json();
    points += metrics.length;
    if (!next) break;
    token = next;
  }
  if (points !== 1_000_000) throw new Error(`${contender.name} gave ${points} points`);
  return { seconds: (performance.now() - started) / 1000, memoryMb: memoryOf(contender.pid), bad: 0 };
}

async function artifact(contender, method) {
  const bytes = Math.round(Number(given.gigabytes) * 2 ** 30);
  const source = join(folder, "artifact.bin");
  execFileSync("sh", ["-c", `[ -f ${source} ] || head -c ${bytes} /dev/urandom > ${source}`]);
  const path = `/api/2.0/mlflow-artifacts/artifacts/${contender.experiment}/${contender.runs[0]}/artifacts/big.bin`;
  let memoryMb = 0;
  const watch = setInterval(() => (memoryMb = Math.max(memoryMb, memoryOf(contender.pid))), 200);
  const started = performance.now();
  await new Promise((resolve, reject) => {
    const headers = method === "PUT" ? { "content-length": bytes, "content-type": "application/octet-stream" } : {};
    const ask = request(contender.url + path, { method, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${contender.name}: ${answer.statusCode}`));
      answer.on("data", () => undefined).on("end", resolve).on("error", reject);
    }).on("error", reject);
    if (method === "PUT") createReadStream(source, { highWaterMark: 2 ** 20 }).pipe(ask);
    else ask.end();
  });
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  return { seconds, memoryMb, bad: 0 };
}
