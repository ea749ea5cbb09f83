/**
 * Programs of other people as trainers: examples/python as a newcomer runs it, with scikit-learn and XGBoost from PyPI. Each must end
 * the race with a score like ours, and its file must be what is served. Needs python3 with venv. Ends with "N passed, N failed".
 */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millwright-commands-"));
const project = join(folder, "python");
cpSync(join(root, "examples/python"), project, { recursive: true });
cpSync(join(root, "examples/mlflow"), join(folder, "mlflow"), { recursive: true });
const env = {
  ...process.env,
  ...{ NO_COLOR: "1", MILLWRIGHT_PORT: "17400", MILLWRIGHT_GATEWAY_PORT: "17401", MILLWRIGHT_GRPC_PORT: "off" },
};
const main = join(root, "dist/main.js");
const millwright = (...args) =>
  JSON.parse(execFileSync(process.execPath, [main, ...args, "--json", "--project", project], { encoding: "utf8", env }));
let passed = 0;
let failed = 0;
const check = (what, holds, shown) => {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds ? "" : `: ${JSON.stringify(shown)}`}`);
  if (holds) passed++;
  else failed++;
};
const rowsOf = (board) => new Map(board.rows.map((row) => [row.candidate, row]));

const up = spawn(process.execPath, [main, "up", "--project", project], { env, stdio: ["ignore", "ignore", "inherit"] });
try {
  for (let tries = 0; ; tries++) {
    const answer = await fetch("http://127.0.0.1:17400/health").catch(() => undefined);
    if (answer?.ok) break;
    if (tries > 600) throw new Error("control does not answer");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const first = millwright("train", "--reason", "conformance");
  const board = rowsOf(millwright("leaderboard"));
  const best = Math.max(...[...board.values()].map(({ mean }) => mean ?? 0));
  for (const name of ["sklearn", "xgboost"]) {
    const row = board.get(name);
    check(`${name} is in the race to a score`, row?.state !== "failed" && row?.mean > best - 0.05, row);
  }
  check("a version is deployed", first.deployment === "promoted", first);

  const runs = await (
    await fetch("http://127.0.0.1:17400/api/2.0/mlflow/runs/search", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        experiment_ids: [
          (await (await fetch("http://127.0.0.1:17400/api/2.0/mlflow/experiments/get-by-name?experiment_name=churn")).json())
            .experiment.experiment_id,
        ],
        filter: "attributes.run_name = 'xgboost' and metrics.train_accuracy > 0.5",
      }),
    })
  ).json();
  check("what a program logs with MLflow's client arrives here", (runs.runs?.length ?? 0) > 0, runs);

  // Alone: its file is what is judged, served and made again.
  const config = readFileSync(join(project, "millwright.config.ts"), "utf8");
  for (const name of ["sklearn", "xgboost"]) {
    const other = name === "sklearn" ? "xgboost: {" : "sklearn: {";
    const alone = config
      .replace('["baseline", "linear", "gbdt"]', '["baseline"]')
      .replace(other, `${other} timeout: "1s",`);
    writeFileSync(join(project, "millwright.config.ts"), alone);
    const outcome = millwright("train", "--reason", `${name} alone`, "--no-shadow");
    check(`${name} wins where ours are left out`, outcome.winner === name, outcome);
    const made = millwright("reproduce", `churn@${outcome.number}`);
    check(`the version of ${name} is made again as it was`, made.outcome !== "differs", made);
  }
  const answer = await fetch("http://127.0.0.1:17401/models/churn/predict", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ rows: [{ tenure: 3, monthly: 80, calls: 6 }] }),
  });
  const { predictions } = await answer.json();
  check("and answers", predictions?.[0]?.label === "yes", predictions);
} finally {
  up.kill("SIGTERM");
  await new Promise((resolve) => up.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
