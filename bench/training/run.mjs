/**
 * Trains our boosted trees and forests and their peers on the same generated data, in turns, each in a fresh process, and
 * writes RESULTS.md. From the repository root:
 *   PYTHON=python3 REPETITIONS=5 node bench/training/run.mjs
 * The Python needs numpy, xgboost and scikit-learn. Every repetition draws new data; all contenders get the same.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { buildKernels } from "../../scripts/build-kernels.mjs";

const python = process.env.PYTHON ?? "python3";
const repetitions = Number(process.env.REPETITIONS ?? 5);
const outfile = "dist/bench/training-fit.mjs";
await buildKernels();
await build({
  entryPoints: ["bench/training/fit.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
  logLevel: "warning",
});

const CONTENDERS = [
  ["boosting, ours, 1 thread", "node", "gbdt", 1],
  ["boosting, XGBoost, 1 thread", "python", "xgboost", 1],
  ["boosting, ours, 2 threads", "node", "gbdt", 2],
  ["boosting, XGBoost, 2 threads", "python", "xgboost", 2],
  ["forest, ours, 1 thread", "node", "forest", 1],
  ["forest, scikit-learn, 1 thread", "python", "forest", 1],
];
const folder = mkdtempSync(join(tmpdir(), "bench-training-"));
const results = new Map(CONTENDERS.map(([name]) => [name, []]));
const versions = {};
for (let r = 0; r < repetitions; r++) {
  execFileSync("node", [outfile, "generate", String(r), folder]);
  for (const [name, kind, algorithm, threads] of CONTENDERS) {
    const [command, script] = kind === "node" ? ["node", outfile] : [python, "bench/training/peers.py"];
    const out = execFileSync(command, [script, algorithm, String(threads), folder], {
      encoding: "utf8",
      env: { ...process.env, OMP_WAIT_POLICY: "passive" },
    });
    const result = JSON.parse(out.trim().split("\n").at(-1));
    if (result.version) versions[algorithm === "xgboost" ? "XGBoost" : "scikit-learn"] = result.version;
    results.get(name).push(result);
    console.log(r, name.padEnd(32), `wall ${result.wall.toFixed(2)} s, CPU ${result.cpu.toFixed(2)} s, AUC ${result.auc.toFixed(4)}`);
  }
}
rmSync(folder, { recursive: true });

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = values.length >> 1;
  return values.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const row = ([name]) => {
  const all = results.get(name);
  const of = (key) => all.map((result) => result[key]);
  return `| ${name} | ${median(of("wall")).toFixed(2)} | ${median(of("cpu")).toFixed(2)} | ${mean(of("auc")).toFixed(4)} |`;
};
/** Paired by repetition. */
const ratio = (ours, theirs, key) =>
  median(results.get(ours).map((result, r) => result[key] / results.get(theirs)[r][key])).toFixed(2);
const pairs = [0, 2, 4].map((i) => [CONTENDERS[i][0], CONTENDERS[i + 1][0]]);
const compare = ([ours, theirs]) => {
  const gaps = results.get(ours).map((result, r) => result.auc - results.get(theirs)[r].auc);
  const targets = { [pairs[0][0]]: "≤ 0.9", [pairs[1][0]]: "≤ 1.1", [pairs[2][0]]: "≤ 0.2" };
  return `| ${ours} / ${theirs.split(", ")[1]} | ${ratio(ours, theirs, "wall")} | ${ratio(ours, theirs, "cpu")} | ${targets[ours]} | ${mean(gaps).toFixed(4)} |`;
};
const text = `# Training: speed and quality against XGBoost and scikit-learn

100,000 x 28 training rows, 20,000 held out, every fourth column one-tenth missing; boosting: 100 trees of depth 6, learning
rate 0.1; forest: 20 trees of depth 12. ${repetitions} repetitions with new data each, contenders in turns, a fresh process
each (so our figures hold the warm-up of the JavaScript engine). Time is from arrays in memory to a trained model, binning
included. Medians; AUC is a mean: single data sets differ by up to 0.006 either way (which
interaction a greedy tree finds first).

Command: \`PYTHON=python3 REPETITIONS=${repetitions} node bench/training/run.mjs\` on ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}, ${Object.entries(
  versions,
)
  .map(([name, version]) => `${name} ${version}`)
  .join(", ")}, ${new Date().toISOString().slice(0, 10)}. The machine was shared (load at the end: ${loadavg()[0].toFixed(1)}): CPU seconds say more than wall time.

| | wall s | CPU s | AUC |
|---|---|---|---|
${CONTENDERS.map(row).join("\n")}

| ratio, median of pairs | wall | CPU | target | AUC, ours minus theirs |
|---|---|---|---|---|
${pairs.map(compare).join("\n")}
`;
writeFileSync("bench/training/RESULTS.md", text);
console.log(`\n${text}`);
