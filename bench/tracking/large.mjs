/**
 * Searches by our server among 200,000 runs and 20 million metric points, loaded by SQL. From the root:
 *
 *   node bench/tracking/large.mjs [--runs 200000] [--points 5] [--each 60] [--mixed 4000] [--keep <folder>] [--explain]
 *
 * Three quarters of the runs are in one experiment, the rest in fifty; each has 20 metrics of `points` points, 5 params and 2 tags. `--keep`
 * loads into a folder that stays, or takes what is there. Prints, and writes bench/tracking/LARGE.md; needs some 6 GB of disk.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { cpuOf, memoryOf } from "../serving/load.mjs";
import { call, stage } from "./contenders.mjs";
import { SEARCHES } from "./searches.mjs";

const { values: given } = parseArgs({
  options: {
    runs: { type: "string", default: "200000" },
    points: { type: "string", default: "5" },
    each: { type: "string", default: "60" },
    mixed: { type: "string", default: "4000" },
    only: { type: "string", default: "" },
    profile: { type: "string" },
    keep: { type: "string" },
  },
});
const SMALL = 50;
const CHUNK = 5000;
const CLIENTS = 8;

const { ours, end, place, postgres } = await stage({ keep: given.keep, profile: given.profile });
const server = await ours();
const { sql, pid } = server;
const corpus = await loaded();
const started = performance.now();
await sql.query("vacuum (analyze)");
console.log(`vacuumed in ${((performance.now() - started) / 1000).toFixed(0)} s`);

const wanted = given.only.split(",").filter(Boolean);
const kinds = Object.entries(SEARCHES).filter(([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const rows = [];
for (const [name, make] of kinds) {
  const times = [];
  let found = 0;
  let cpu = 0;
  const queries = make(corpus, (path, body) => call(server, path, body));
  // Three to begin with, which prepare and read what nobody has read yet.
  for (let i = -3; i < Number(given.each); i++) {
    const query = await queries(i + 3);
    const [used, before] = [cpuOf(pid) + cpuOf(postgres), performance.now()];
    const { runs = [] } = await call(server, "runs/search", query);
    if (i < 0) continue;
    times.push(performance.now() - before);
    cpu += cpuOf(pid) + cpuOf(postgres) - used;
    found += runs.length;
  }
  const row = { name, ...spread(times), found: found / times.length, cpu: (cpu * 1000) / times.length };
  rows.push(row);
  const ms = ["p50", "p95", "max", "cpu"].map((one) => `${one} ${row[one].toFixed(1)}`).join(" ");
  console.log(`${name.padEnd(54)} ${ms} ms, ${row.found.toFixed(0)} runs`);
}

const memory = [];
const mixed = [];
if (Number(given.mixed) > 0) await mix();
const text = report();
console.log(text);
if (wanted.length === 0) writeFileSync("bench/tracking/LARGE.md", text);
await end([server]);

/** The experiments; what is not there yet is loaded. */
async function loaded() {
  const total = Number(given.runs);
  const experiments = await call(server, "experiments/search", { max_results: 1000, filter: "name like 'large%'" });
  const known = new Map((experiments.experiments ?? []).map((one) => [one.name, one.experiment_id]));
  const idOf = async (name) => known.get(name) ?? (await call(server, "experiments/create", { name })).experiment_id;
  const ids = [];
  const began = performance.now();
  for (let i = 0; i <= SMALL; i++) {
    const id = await idOf(`large ${i}`);
    ids.push(id);
    const runs = i === 0 ? (total * 3) / 4 : total / 4 / SMALL;
    const [{ n }] = (await sql.query("select count(*)::int as n from millwright.tracked_run where experiment = $1", [id])).rows;
    for (let from = n; from < runs; from += CHUNK)
      await server.loadCorpus(sql, { from, runs: Math.min(CHUNK, runs - from), metrics: 20, points: Number(given.points), experiment: Number(id) });
  }
  console.log(`loaded in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return { big: ids[0], small: ids.slice(1), runs: (total * 3) / 4 };
}

/** All kinds in turn, by several clients, while memory is looked at. */
async function mix() {
  const makers = kinds.map(([, make]) => make(corpus, (path, body) => call(server, path, body)));
  let next = 0;
  const one = async () => {
    while (next < Number(given.mixed)) {
      const i = next++;
      const query = await makers[i % makers.length](Math.floor(i / makers.length));
      const before = performance.now();
      await call(server, "runs/search", query);
      mixed.push(performance.now() - before);
      if (i % 500 === 0) memory.push(memoryOf(pid));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
}

function spread(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (p) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) };
}

function report() {
  const line = ({ name, found, ...ms }) => `| ${name} | ${["p50", "p95", "max", "cpu"].map((one) => ms[one].toFixed(1)).join(" | ")} | ${found.toFixed(0)} |`;
  const { p50, p95, max } = spread(mixed.length > 0 ? mixed : [0]);
  return `# Searches among ${given.runs} runs and ${(Number(given.runs) * 20 * Number(given.points)) / 1e6} million points

Command: \`node bench/tracking/large.mjs ${process.argv.slice(2).join(" ")}\` on ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version},
${new Date().toISOString().slice(0, 10)}; load average at the end ${loadavg()[0].toFixed(1)}. ${place}. One client, ${given.each} searches of each kind with
other values every time; times are the client's, with reading the answer; CPU is that of server and PostgreSQL together. Pages
have 100 runs unless said otherwise.

| search | p50 ms | p95 ms | max ms | CPU ms | runs found |
|---|---|---|---|---|---|
${rows.map(line).join("\n")}

${mixed.length} searches of all kinds in turn by ${CLIENTS} clients: p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)}, longest ${max.toFixed(0)} ms. The server's
memory meanwhile, every 500 searches: ${memory.map((mb) => mb.toFixed(0)).join(", ")} MB.
`;
}
