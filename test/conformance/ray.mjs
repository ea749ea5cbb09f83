/**
 * Programs on a Ray cluster as trainers: examples/elsewhere on two nodes of Ray from PyPI, by nothing but Ray's Jobs REST API and control.
 * What is killed, cancelled or lost in the middle must neither be run twice nor go on. Needs python3 with venv. Ends with "N passed, N failed".
 */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { python } from "./python.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const own = python([join(root, "test/conformance/ray/requirements.txt")]);
const folder = mkdtempSync(join(tmpdir(), "mw-ray-"));
const project = join(folder, "elsewhere");
const DASHBOARD = 28265;
const GCS = 26379;
const address = `http://127.0.0.1:${DASHBOARD}`;
const control = "http://127.0.0.1:17410";
const token = "a token of this test alone";
const main = join(root, "dist/main.js");
const env = {
  ...process.env,
  ...{ NO_COLOR: "1", MILLWRIGHT_PORT: "17410", MILLWRIGHT_GATEWAY_PORT: "17411", MILLWRIGHT_GRPC_PORT: "off" },
  ...{ MILLWRIGHT_TOKEN: token, RAY_USAGE_STATS_ENABLED: "0" },
  PATH: `${dirname(own)}:${process.env.PATH}`,
  // Jobs make their environments here, and not in the home of whoever runs the test.
  MILLWRIGHT_ENVIRONMENTS: join(tmpdir(), "millwright-conformance-environments"),
};

let passed = 0;
let failed = 0;
const check = (what, holds, shown) => {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds ? "" : `: ${JSON.stringify(shown)}`}`);
  if (holds) passed++;
  else failed++;
};
const until = async (what, claim, seconds = 1200) => {
  for (const end = Date.now() + seconds * 1000; ; await pause(250)) {
    const found = await claim();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} did not come to be within ${seconds} s`);
  }
};
const json = async (url, init) => (await fetch(url, init).catch(() => undefined))?.json().catch(() => undefined);
const rayJobs = async () => (await json(`${address}/api/jobs/`)) ?? [];
const jobsOf = async (run) => (await rayJobs()).filter(({ metadata }) => metadata?.millwright_run === run);
const millwright = (...args) =>
  JSON.parse(execFileSync(process.execPath, [main, ...args, "--json", "--project", project], { encoding: "utf8", env }));
const api = (path, init = {}) =>
  json(control + path, { ...init, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" } });
const train = async () =>
  (await api("/api/models/churn/train", { method: "POST", body: JSON.stringify({ again: true }) })).runId;
const ended = (run) =>
  until(`the end of ${run}`, async () => {
    const found = await api(`/api/runs/${run}`);
    return ["succeeded", "failed", "cancelled"].includes(found?.state) ? found : undefined;
  });
const configure = async (change) => {
  const file = join(project, "millwright.config.ts");
  writeFileSync(file, change(readFileSync(file, "utf8")));
  await pause(1500);
};
const workers = () =>
  execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(`start worker --project ${project}`))
    .map((line) => Number.parseInt(line, 10));

/** `--block`: a process that we can end, with all of its node. */
const nodes = [];
const node = (...args) => {
  const ray = join(dirname(own), "ray");
  const child = spawn(ray, ["start", ...args, "--block", "--disable-usage-stats", "--object-store-memory=100000000", "--node-ip-address=127.0.0.1"], {
    ...{ env, detached: true, stdio: ["ignore", "ignore", "ignore"], cwd: folder },
  });
  nodes.push(child);
  return child;
};
const second = () => node(`--address=127.0.0.1:${GCS}`, "--num-cpus=1", '--resources={"second":1}', "--dashboard-agent-listen-port=28466");
const stop = (child, signal) => {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has gone.
  }
};

node("--head", `--port=${GCS}`, "--dashboard-host=127.0.0.1", `--dashboard-port=${DASHBOARD}`, "--num-cpus=2", `--temp-dir=${join(folder, "r")}`, "--dashboard-agent-listen-port=28465");
let up;
try {
  await until("Ray's dashboard", () => json(`${address}/api/version`));
  let last = second();
  const alive = async () => {
    const { data } = (await json(`${address}/nodes?view=summary`)) ?? {};
    return (data?.summary ?? []).filter(({ raylet }) => raylet?.state === "ALIVE").length;
  };
  await until("a second node", async () => (await alive()) === 2);
  check("two nodes", true);

  cpSync(join(root, "examples/elsewhere"), project, { recursive: true });
  cpSync(join(root, "examples/mlflow"), join(folder, "mlflow"), { recursive: true });
  await configure((text) =>
    text
      .replace("http://127.0.0.1:8265", address)
      .replace("trees: 60", "trees: 10")
      // What is changed here shall not start trainings of its own.
      .replace('positive: "yes",', 'positive: "yes", retrain: { onCodeChange: false },')
      .replace("resources: { cpu: 1 }", "resources: { cpu: 1, custom: { second: 1 } }")
      .replace('["baseline", "linear"]', '["baseline"]'),
  );
  up = spawn(process.execPath, [main, "up", "--project", project], { env, stdio: ["ignore", "ignore", "inherit"] });
  await until("control", async () => (await fetch(`${control}/health`).catch(() => undefined))?.ok);

  const first = millwright("train", "--reason", "conformance");
  const board = millwright("leaderboard").rows.map(({ candidate, error }) => [candidate, error]);
  check(
    "a function on the cluster wins, is judged and deployed",
    first.winner === "forest" && first.deployment === "promoted",
    [first, board],
  );
  const jobs = await rayJobs();
  check("every job ended well", jobs.length > 1 && jobs.every(({ status }) => status === "SUCCEEDED"), jobs.map(({ status, message }) => [status, message]));
  const { data } = await json(`${address}/nodes?view=summary`);
  const head = data.summary.find(({ raylet }) => raylet.isHeadNode)?.raylet.nodeId;
  check("on the node that it asked for", jobs.length > 0 && jobs.every(({ driver_node_id: where }) => where && where !== head), jobs.map((job) => job.driver_node_id));
  const { experiment } = await api("/api/2.0/mlflow/experiments/get-by-name?experiment_name=churn");
  const found = await api("/api/2.0/mlflow/runs/search", {
    method: "POST",
    body: JSON.stringify({ experiment_ids: [experiment.experiment_id], filter: 'metrics."program.cross_validated_auc" > 0.7' }),
  });
  check("its numbers are with its candidate", (found.runs ?? []).length > 0, found);
  const answer = await json("http://127.0.0.1:17411/models/churn/predict", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ rows: [{ tenure: 3, monthly: 80, calls: 6 }] }),
  });
  check("and it answers", answer?.predictions?.[0]?.label === "yes", answer);
  const statusOf = async (path, bearer) => (await fetch(control + path, { headers: { authorization: `Bearer ${bearer}` } })).status;
  if (jobs.length === 0) throw new Error("no jobs");
  const ownToken = jobs[0].runtime_env?.env_vars?.MILLWRIGHT_JOB_TOKEN ?? "none";
  check("a job's token opens nothing else, and nothing once the job is over", 
    (await statusOf("/api/runs", ownToken)) === 401 && (await statusOf(`/api/jobs/${jobs[0].submission_id}`, ownToken)) >= 401, ownToken.length);
  check("the token of control opens no job", (await statusOf(`/api/jobs/${jobs[0].submission_id}`, token)) === 401);

  // Long enough to be met in its middle: first the worker dies, then, in a later round, the node.
  await configure((text) => text.replace("trees: 10", "trees: 11, rest: 6"));
  const met = await train();
  const running = async () => (await jobsOf(met)).find(({ status }) => status === "RUNNING")?.submission_id;
  const adopted = await until("a running job", running);
  const state = async () => (await api(`/api/runs/${met}`))?.state;
  check("a run that waits for the cluster is shown as waiting", await until("the run to wait", async () => (await state()) === "waiting"));
  const [before] = workers();
  process.kill(before, "SIGKILL");
  await until("another worker", () => workers().some((pid) => pid !== before));
  const next = await until("the next round", async () => {
    const id = await running();
    return id !== adopted && id;
  });
  const one = (await jobsOf(met)).find(({ submission_id: id }) => id === adopted);
  check("kill -9 of the worker: its job went on, and was adopted", one?.status === "SUCCEEDED" && (await jobsOf(met)).length === 2, one);
  stop(last, "SIGKILL");
  await until("its node to be gone", async () => (await alive()) === 1);
  last = second();
  const outcome = await ended(met);
  const mine = await jobsOf(met);
  const waits = ((await api(`/api/runs/${met}`)).steps ?? []).filter(({ name }) => name.endsWith(": elsewhere")).length;
  const good = mine.filter(({ status }) => status === "SUCCEEDED");
  check("a job that went with its node is asked for again, under another name", mine.find(({ submission_id: id }) => id === next)?.status === "FAILED", mine);
  check("there is one job for each step, beside those that were lost", outcome.state === "succeeded" && good.length === waits && mine.every(({ status }) => ['SUCCEEDED', 'FAILED'].includes(status)), [outcome, waits, mine.map(({ status, message }) => [status, message])]);

  await configure((text) => text.replace("rest: 6", "rest: 600"));
  const unwanted = await train();
  await until("a running job", async () => (await jobsOf(unwanted)).some(({ status }) => status === "RUNNING"));
  execFileSync(process.execPath, [main, "cancel", unwanted, "--project", project], { env, stdio: "ignore" });
  const stopped = await until("the job to be stopped", async () => {
    const states = (await jobsOf(unwanted)).map(({ status }) => status);
    return states.includes("STOPPED") && !states.includes("RUNNING") && !states.includes("PENDING");
  });
  check("a cancelled run cancels its job", stopped && (await ended(unwanted)).state === "cancelled");
} catch (error) {
  check(error.message, false, error.stack?.split("\n").slice(1, 4));
} finally {
  if (up) {
    up.kill("SIGTERM");
    await new Promise((resolve) => up.once("exit", resolve));
  }
  for (const child of nodes) stop(child, "SIGTERM");
  await pause(3000);
  for (const child of nodes) stop(child, "SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
