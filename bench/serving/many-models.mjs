/**
 * One gateway, 10,000 small models of different weights, Zipf traffic (the k-th model gets a share in proportion to 1/k): how often
 * the model asked for is in memory, what a request takes, how much memory the process has. Then the same after a restart, when
 * the models that were hot are loaded ahead.
 *   node bench/serving/many-models.mjs [--models 10000] [--seconds 10] [--rounds 3] [--exponent 1] [--memory 1024]
 * --memory: MiB that models may take. Needs wrk. Writes bench/serving/MANY-MODELS.json and .md.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { load, needsWrk } from "./load.mjs";

const { values: given } = parseArgs({
  options: {
    models: { type: "string", default: "10000" },
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    exponent: { type: "string", default: "1" },
    memory: { type: "string", default: "1024" },
  },
});
needsWrk();
await build({
  entryPoints: { "serving-many": "bench/serving/many-models.ts", "serving-ours": "bench/serving/ours.ts" },
  outdir: "dist/bench",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
  logLevel: "warning",
});
const folder = mkdtempSync(join(tmpdir(), "bench-many-"));
const PORT = 7490;
const url = `http://127.0.0.1:${PORT}`;
execFileSync(process.execPath, ["dist/bench/serving-many.mjs", folder, given.models, given.exponent], { stdio: "inherit" });

const cells = [];
for (const start of ["first start", "restarted"]) {
  const child = spawn(process.execPath, ["dist/bench/serving-ours.mjs", folder, String(PORT), "durable", "1", given.memory], { stdio: "inherit" });
  while (!(await fetch(`${url}/v2/health/ready`).then((answer) => answer.ok, () => false)))
    await new Promise((resolve) => setTimeout(resolve, 50));
  const ahead = start === "first start" ? 0 : await settled();
  for (let round = 0; round < Number(given.rounds); round++) {
    const before = await uses();
    const one = await load({ url, bodies: join(folder, "calls.txt"), connections: 16, seconds: Number(given.seconds), pid: child.pid });
    const after = await uses();
    const [hits, misses] = [after.hits - before.hits, after.misses - before.misses];
    const cell = { start, round, ahead, hitRate: hits / (hits + misses), loaded: after.loaded, ...one };
    cells.push(cell);
    console.log(`${start}, round ${round}: ${cell.rps.toFixed(0)}/s, p50 ${one.p50} p99 ${one.p99} ms, hits ${(100 * cell.hitRate).toFixed(2)} %, ${cell.loaded} loaded, ${one.memoryMb.toFixed(0)} MB, ${one.bad + one.broken} bad`);
  }
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
}
rmSync(folder, { recursive: true, force: true });

async function uses() {
  const text = await (await fetch(`${url}/metrics`)).text();
  const of = (name) => Number(new RegExp(`^millwright_${name}(?:{[^}]*})? (\\S+)$`, "m").exec(text)?.[1] ?? 0);
  return { hits: of("model_hits_total"), misses: of("model_misses_total"), loaded: of("models_loaded") };
}

/** How many models are loaded ahead: the number when it stops growing. */
async function settled() {
  for (let last = -1; ; ) {
    const { loaded } = await uses();
    if (loaded === last) return loaded;
    last = loaded;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

const row = (cell) =>
  `| ${cell.start}, round ${cell.round + 1} | ${cell.rps.toFixed(0)} | ${cell.p50.toFixed(2)} / ${cell.p99.toFixed(1)} | ${(100 * cell.hitRate).toFixed(2)} % | ${cell.loaded} | ${cell.memoryMb.toFixed(0)} | ${cell.bad + cell.broken} |`;
const text = `# ${given.models} models in one gateway

Command: \`node bench/serving/many-models.mjs ${process.argv.slice(2).join(" ")}\` on ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}; load
average at the end ${loadavg()[0].toFixed(1)}. 8 → 32 → 2 networks with different weights, one row a request, Zipf exponent ${given.exponent}, 16 connections,
durable log on, models may take ${given.memory} MiB. ${cells.at(-1).ahead} models were loaded ahead after the restart.

| | req/s | p50 / p99 ms | model in memory | models loaded | MB (process) | bad |
|---|---|---|---|---|---|---|
${cells.map(row).join("\n")}
`;
writeFileSync("bench/serving/MANY-MODELS.md", text);
writeFileSync("bench/serving/MANY-MODELS.json", `${JSON.stringify(cells, null, 1)}\n`);
console.log(`\n${text}`);
