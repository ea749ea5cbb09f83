/**
 * Our search against Optuna's TPE: the same spaces, our trainers, the same folds, the same number of trials. From the root:
 *   PYTHON=python3 node bench/search/run.mjs --data <folder of datasets> [--seeds 5] [--trials 50] [--sets a,b] [--ways "a;b"] [--from 1] [--out <file>]
 * The Python needs optuna. Writes a line of JSON a set, seed and way to --out (bench-search.jsonl); `summary.py` makes the table.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { buildKernels } from "../../scripts/build-kernels.mjs";

const { values: given } = parseArgs({
  options: {
    data: { type: "string" },
    seeds: { type: "string", default: "5" },
    trials: { type: "string", default: "50" },
    from: { type: "string", default: "1" },
    sets: { type: "string", default: "telco churn,hotel bookings,SMS spam,bike rentals,adult" },
    ways: { type: "string", default: "" },
    out: { type: "string", default: "bench-search.jsonl" },
  },
});
const outfile = "dist/bench/search-compare.mjs";
await buildKernels();
await build({
  ...{ entryPoints: ["bench/search/compare.ts"], outfile, bundle: true },
  ...{ format: "esm", platform: "node", packages: "external", logLevel: "warning" },
});
for (let seed = Number(given.from); seed <= Number(given.seeds); seed++)
  for (const set of given.sets.split(",")) {
    const folder = mkdtempSync(join(tmpdir(), "bench-search-"));
    const args = [outfile, given.data, folder, set, String(seed), given.trials, given.ways];
    const ran = spawnSync(process.execPath, args, {
      ...{ encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "inherit"] },
    });
    appendFileSync(given.out, ran.stdout);
    rmSync(folder, { recursive: true });
    console.log(`${set}, seed ${seed}: ${ran.status === 0 ? "done" : "failed"}`);
  }
