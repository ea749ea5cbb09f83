/**
 * Explains 1,000 rows by the same trees with our Tree SHAP, XGBoost and LightGBM, in turns, one thread, a fresh process each,
 * and writes RESULTS.md. From the repository root:
 *   PYTHON=python3 REPETITIONS=5 node bench/explanation/run.mjs
 * The Python needs numpy, xgboost and lightgbm. About a minute.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const python = process.env.PYTHON ?? "python3";
const repetitions = Number(process.env.REPETITIONS ?? 5);
const outfile = "dist/bench/explain.mjs";
await build({
  entryPoints: ["bench/explanation/explain.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
  logLevel: "warning",
});

const folder = mkdtempSync(join(tmpdir(), "bench-explanation-"));
const run = (command, ...args) =>
  JSON.parse(execFileSync(command, args, { encoding: "utf8" }).trim().split("\n").at(-1));
const theirs = (peer) => run(python, "bench/explanation/peers.py", peer, folder);
const ours = (peer, kind) => run("node", outfile, peer, kind, folder);
const CONTENDERS = [
  ["XGBoost pred_contribs (C++)", () => theirs("xgboost")],
  ["ours, XGBoost's trees", () => ours("xgboost", "path")],
  ["LightGBM pred_contrib (C++)", () => theirs("lightgbm")],
  ["ours, LightGBM's trees", () => ours("lightgbm", "path")],
  ["ours, interventional, 100 background rows", () => ours("xgboost", "rows")],
];
const results = new Map(CONTENDERS.map(([name]) => [name, []]));
for (let r = 0; r < repetitions; r++) {
  run(python, "bench/explanation/peers.py", "train", folder, String(r));
  for (const [name, measure] of CONTENDERS) {
    const result = measure();
    results.get(name).push(result);
    console.log(r, name.padEnd(44), `wall ${result.wall.toFixed(3)} s, CPU ${result.cpu.toFixed(3)} s`);
  }
}
rmSync(folder, { recursive: true });

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = values.length >> 1;
  return values.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const worst = (values) => Math.max(...values).toExponential(1);
const row = ([name]) => {
  const all = results.get(name);
  const of = (key) => all.map((result) => result[key]);
  const same = all[0].difference === undefined || name.includes("interventional") ? "" : worst(of("difference"));
  const additive = all[0].additive === undefined ? "" : worst(of("additive"));
  return `| ${name} | ${median(of("wall")).toFixed(3)} | ${median(of("cpu")).toFixed(3)} | ${same} | ${additive} |`;
};
/** Paired by repetition. */
const ratio = (a, b, key) =>
  median(results.get(CONTENDERS[a][0]).map((result, r) => result[key] / results.get(CONTENDERS[b][0])[r][key])).toFixed(2);
const { version: xgboost } = results.get(CONTENDERS[0][0])[0];
const { version: lightgbm } = results.get(CONTENDERS[2][0])[0];
const text = `# Explanations: Tree SHAP against XGBoost and LightGBM

1,000 rows x 28 columns (every fourth one-tenth missing), 100 trees of depth 6 learned by the peer from 20,000 rows; the same trees
explained by both, one thread, ${repetitions} repetitions with new data, contenders in turns, a fresh process each, the second of
two passes. Seconds for the 1,000 rows; medians.

Command: \`PYTHON=python3 REPETITIONS=${repetitions} node bench/explanation/run.mjs\` on ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}, XGBoost ${xgboost}, LightGBM ${lightgbm}, ${new Date().toISOString().slice(0, 10)}. The machine was shared (load at the end: ${loadavg()[0].toFixed(1)}): CPU seconds say more than wall time.

| | wall s | CPU s | largest difference from the peer | contributions + base - what the trees say, at most |
|---|---|---|---|---|
${CONTENDERS.map(row).join("\n")}

| ratio, median of pairs | wall | CPU | target |
|---|---|---|---|
| ours / XGBoost | ${ratio(1, 0, "wall")} | ${ratio(1, 0, "cpu")} | ≤ 2 |
| ours / LightGBM | ${ratio(3, 2, "wall")} | ${ratio(3, 2, "cpu")} | |

XGBoost computes and returns float32: its own rounding is the difference. Interventional explanations cost in proportion to the
background.
`;
writeFileSync("bench/explanation/RESULTS.md", text);
console.log(`\n${text}`);
