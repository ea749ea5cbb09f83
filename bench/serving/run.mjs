/**
 * Requests a second, latency, memory and CPU of our gateway, of what Node can do at best, and of the Python servers people use:
 * same model files, same load generator, in turns. From the repository root:
 *
 *   node bench/serving/run.mjs [--servers a,b] [--models a,b] [--seconds 3] [--rounds 3] [--connections 1,16,128]
 *                              [--batches 1,32] [--processes 1,2] [--onnx folder] [--out name]
 *
 * Needs wrk (apt-get install --no-install-recommends wrk). Peers need PYTHON, an interpreter in an environment of their own:
 *   python3 -m venv <folder> && <folder>/bin/pip install -r bench/serving/peers/requirements.txt
 * MLServer does not go together with the others: PYTHON_MLSERVER is an interpreter with requirements-mlserver.txt.
 * --onnx names a folder with logreg_iris.onnx and gen_adult_lightgbm.onnx; without it those two are left out.
 * Results go to bench/serving/<out>.json (RESULTS when left out); report.mjs makes the .md of it.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { buildKernels } from "../../scripts/build-kernels.mjs";
import { load, needsWrk } from "./load.mjs";
import { report } from "./report.mjs";
import { SERVERS, start } from "./servers.mjs";

const list = (text) => text.split(",").filter(Boolean);
const { values: given } = parseArgs({
  options: {
    servers: { type: "string", default: Object.keys(SERVERS).join(",") },
    models: { type: "string", default: "" },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "1,16,128" },
    batches: { type: "string", default: "1,32" },
    processes: { type: "string", default: "1,2" },
    onnx: { type: "string", default: "" },
    out: { type: "string", default: "RESULTS" },
  },
});
const python = process.env.PYTHON;
const names = list(given.servers).filter((name) => {
  if (SERVERS[name] === undefined) throw new Error(`No server ${name}: ${Object.keys(SERVERS).join(", ")}`);
  if (!SERVERS[name].peer || python !== undefined) return true;
  console.error(`${name} left out: PYTHON is not set`);
  return false;
});
const BUNDLE = { bundle: true, format: "esm", platform: "node", packages: "external", logLevel: "warning" };
needsWrk();
await buildKernels();
await build({ ...BUNDLE, entryPoints: { "run-thread": "src/run-thread.ts" }, outdir: "dist" });
await build({
  ...BUNDLE,
  entryPoints: { "serving-models": "bench/serving/models.ts", "serving-ours": "bench/serving/ours.ts" },
  outdir: "dist/bench",
  outExtension: { ".js": ".mjs" },
});

const folder = mkdtempSync(join(tmpdir(), "bench-serving-"));
execFileSync(process.execPath, ["dist/bench/serving-models.mjs", folder, given.onnx], { stdio: "inherit" });
const models = JSON.parse(readFileSync(join(folder, "models.json"), "utf8")).filter(
  ({ name }) => given.models === "" || list(given.models).includes(name),
);
const cells = [];
const failed = [];
for (const model of models)
  for (const processes of list(given.processes).map(Number)) await measureModel(model, processes);
rmSync(folder, { recursive: true, force: true });

const about = {
  command: `node bench/serving/run.mjs ${process.argv.slice(2).filter((_, i, all) => all[i - 1] !== "--onnx" && all[i] !== "--onnx").join(" ")}`.trim(),
  machine: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
  load: loadavg()[0],
  failed,
};
writeFileSync(`bench/serving/${given.out}.json`, `${JSON.stringify({ about, cells }, null, 1)}\n`);
const text = report({ about, cells });
writeFileSync(`bench/serving/${given.out}.md`, text);
console.log(text);

/** All contenders of a model are up at once and measured in turns: what else the machine does meets all of them. */
async function measureModel({ name: model, input, peers, kinds, batches }, processes) {
  const bodiesOf = (name, batch) => join(folder, "bodies", `${model}.${batch}.${SERVERS[name].bodies}.jsonl`);
  const running = [];
  for (const name of names) {
    if (!kinds.includes(SERVERS[name].bodies)) continue;
    if (!peers && (SERVERS[name].needsRaw || SERVERS[name].bodies === "matrix")) continue;
    const sample = readFileSync(bodiesOf(name, 1), "utf8").split("\n", 1)[0];
    const file = join(folder, "models", `${model}.onnx`);
    try {
      running.push(await start(name, { model, file, input, folder, processes, python, sample }));
    } catch (error) {
      console.error(error.message);
      failed.push({ server: name, model, processes, why: error.message.slice(0, 300) });
    }
  }
  checkSame(model, running);
  for (const batch of list(given.batches).map(Number)) {
    if (!batches.includes(batch)) continue;
    for (const { name, url, pid } of running)
      await load({ url, bodies: bodiesOf(name, batch), connections: 16, seconds: 1, pid });
    for (let round = 0; round < Number(given.rounds); round++)
      for (const connections of list(given.connections).map(Number))
        for (const { name, url, pid } of running) {
          const seconds = Number(given.seconds);
          const one = await load({ url, bodies: bodiesOf(name, batch), connections, seconds, pid });
          cells.push({ server: name, model, processes, batch, connections, round, ...one });
          console.log(
            `${model} x${batch} ${processes}p c${connections} ${name.padEnd(16)} ${one.rps.toFixed(0).padStart(6)}/s p50 ${one.p50} p99 ${one.p99} ms, ${one.cpuMicros.toFixed(0)} us CPU, ${one.memoryMb.toFixed(0)} MB${one.bad + one.broken ? `, ${one.bad} bad ${one.broken} broken` : ""}`,
          );
        }
  }
  await Promise.all(running.map((server) => server.stop()));
}

/** A server that computes something else is not timed as if it did the same. */
function checkSame(model, running) {
  const said = running.filter(({ name }) => SERVERS[name].read !== undefined);
  const numbers = said.map(({ name, first }) => SERVERS[name].read(first));
  said.forEach(({ name }, i) => {
    const gap = Math.max(...numbers[0].map((value, k) => Math.abs(value - numbers[i][k])));
    if (!(gap < 1e-5) || numbers[i].length !== numbers[0].length)
      throw new Error(`${name} says ${numbers[i]} for ${model}; ${said[0].name} says ${numbers[0]}`);
  });
}
