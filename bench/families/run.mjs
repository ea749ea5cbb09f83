// Many tenants: trained, judged and registered, against scikit-learn, XGBoost and joblib doing the same; then drift in some of them.
//   PYTHON=<python with scikit-learn, xgboost, joblib, pandas, pyarrow> node bench/families/run.mjs [--tenants 10000] [--peer 300]
//     [--drift 0.03] [--folder <where>]
// The peer trains a sample of the tenants (every n-th) and its time is multiplied; both in turns on the same machine.
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const main = join(root, "dist/main.js");
const python = process.env.PYTHON ?? "python3";
const { values: options } = parseArgs({
  options: {
    tenants: { type: "string", default: "10000" },
    peer: { type: "string", default: "300" },
    drift: { type: "string", default: "0.03" },
    folder: { type: "string" },
    ports: { type: "string", default: "7811" },
  },
});
const folder = options.folder ?? mkdtempSync(join(tmpdir(), "millwright-tenants-"));
mkdirSync(folder, { recursive: true });
const port = Number(options.ports);
const env = {
  ...process.env,
  ...{ MILLWRIGHT_PORT: String(port), MILLWRIGHT_GATEWAY_PORT: String(port + 1) },
  MILLWRIGHT_GRPC_PORT: String(port + 2),
};
const run = promisify(execFile);
const say = (text) => console.log(text);
const seconds = async (work) => {
  const started = performance.now();
  const value = await work();
  return [(performance.now() - started) / 1000, value];
};
const millwright = async (...args) =>
  JSON.parse(
    (await run(process.execPath, [main, ...args, "--json"], { cwd: folder, env, maxBuffer: 1e9 })).stdout,
  );
const tenants = async (...args) =>
  (
    await run(python, [join(import.meta.dirname, "make_tenants.py"), join(root, "examples/crm/data/bookings.csv.gz"), ...args])
  ).stdout.trim();

/** Linux only. */
const childrenOf = (pid) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .map((child) => [child, readFileSync(`/proc/${child}/cmdline`, "utf8")]);
const peakOf = (pid) => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);

say(`${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}, load before ${loadavg()[0].toFixed(1)}`);
say(await tenants(join(folder, "tenants.parquet"), options.tenants, "--drift", options.drift));
writeFileSync(
  join(folder, "millwright.config.ts"),
  `import { defineProject, family, ignore } from "millwright";
export default defineProject({
  datasets: { tenants: { source: "tenants.parquet", time: "at" } },
  models: {
    cancels: {
      dataset: "tenants", target: "canceled", positive: "yes",
      features: { different: ignore(), drifted: ignore(), tenant: ignore() },
      deploy: { shadow: false },
      gates: [{ gate: "beats_baseline", params: {} }],
      family: family({ by: "tenant", parents: [["country", "market_segment"], ["market_segment"], []] }),
    },
  },
});
`,
);

const [ours, trained] = await seconds(() => millwright("train", "cancels"));
const { family } = trained;
const view = await millwright("family", "cancels", "--limit", "100000");
const members = view.members.filter(({ level }) => level === 0);
const own = members.filter(({ tried }) => Object.keys(tried).some((name) => !/^(parent|shrunk)/.test(name)));
say(`ours: ${ours.toFixed(0)} s in all (ingest, race, the shared model and its evaluation, family), family ${family.seconds.toFixed(0)} s`);
say(`  ${family.members} members of three levels, ${family.standing} stand alone; ${(family.members / family.seconds).toFixed(1)} members/s`);
say(`  tenants: ${members.length}, too thin: ${view.levels[0].thin}; a model of their own was still in the race after the first part: ${own.length}`);
for (const level of view.levels)
  say(`  ${level.columns.join(" × ")}: ${level.members} members, ${level.standing} alone, loss ${level.loss?.toFixed(4)} against the parents' ${level.parentLoss?.toFixed(4)}`);

const models = join(folder, "peer");
mkdirSync(models, { recursive: true });
const peer = JSON.parse(
  (await run(python, [join(import.meta.dirname, "peer.py"), join(folder, "tenants.parquet"), options.peer, models], { maxBuffer: 1e9 })).stdout.trim().split("\n").at(-1),
);
const whole = (peer.seconds / peer.tenants) * Number(options.tenants);
say(`peer: ${peer.tenants} tenants (${peer.trained} with rows enough) in ${peer.seconds.toFixed(0)} s; for all ${options.tenants}: ${whole.toFixed(0)} s`);
say(`  test log loss of its ${peer.trained}: ${peer.loss.toFixed(4)}; chosen: ${JSON.stringify(peer.best)}`);
const tested = new Set(peer.tested.map((tenant) => `cancels.${tenant}`));
const same = members.filter(({ name }) => tested.has(name));
const rowsOfSame = same.reduce((sum, { testRows }) => sum + testRows, 0);
const lossOfSame = same.reduce((sum, { loss, testRows }) => sum + loss * testRows, 0) / rowsOfSame;
say(`  ours on the same ${same.length}: ${lossOfSame.toFixed(4)} (of what answers)`);
say(`time against the peer: ${(whole / ours).toFixed(1)}x with everything, ${(whole / family.seconds).toFixed(1)}x for the family alone`);

// Thirty days later: a share of the tenants has changed. The labels of all answers become known.
const later = join(folder, "later.parquet");
say(await tenants(later, options.tenants, "--drift", options.drift, "--from", "100", "--to", "129"));
const platform = spawn(process.execPath, [main, "up"], { cwd: folder, env, stdio: "ignore" });
const gateway = `http://127.0.0.1:${port + 1}`;
const post = async (path, body) => {
  const response = await fetch(gateway + path, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
};
for (let tries = 0; ; tries++) {
  const ready = await fetch(`${gateway}/models`).then((r) => r.json()).catch(() => undefined);
  if (ready?.models.length > 0) break;
  if (tries > 300) throw new Error("the gateway does not answer");
  await new Promise((resolve) => setTimeout(resolve, 500));
}
const rows = JSON.parse(
  (
    await run(python, ["-c", `
import json, sys, pandas as pd
f = pd.read_parquet(sys.argv[1]); f["at"] = f["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
print(f.to_json(orient="records"))`, later], { maxBuffer: 4e9 })
  ).stdout,
);
const drifted = new Set(rows.filter((row) => row.drifted).map(({ tenant }) => tenant));
const [asked] = await seconds(async () => {
  for (let from = 0; from < rows.length; from += 5000) {
    const part = rows.slice(from, from + 5000);
    const said = await post("/models/cancels/predict", {
      rows: part.map(({ canceled: _, different: __, drifted: ___, ...row }) => row),
    });
    await post("/models/cancels/feedback", {
      feedback: said.predictions.map(({ id }, i) => ({ id, label: part[i].canceled })),
    });
  }
});
say(`${rows.length.toLocaleString("en-US")} rows of days 100 to 129 answered and their truth told in ${asked.toFixed(0)} s`);
for (const [pid, args] of childrenOf(platform.pid))
  if (args.includes("gateway"))
    say(`  the gateway that answered for all members: ${(peakOf(pid) / 2 ** 20).toFixed(2)} GB of memory at most`);
platform.kill("SIGTERM");
await new Promise((resolve) => platform.once("exit", resolve));
const from = new Date((1_750_000_000 + 100 * 86_400) * 1000).toISOString();
const to = new Date((1_750_000_000 + 131 * 86_400) * 1000).toISOString();
const [watching, watched] = await seconds(() => millwright("family", "cancels", "--check", "--from", from, "--to", to));
const found = watched.failing.filter((name) => /^cancels\.t\d+$/.test(name));
const right = found.filter((name) => drifted.has(name.slice("cancels.".length)));
const lookable = members.filter(({ name }) => drifted.has(name.slice("cancels.".length)));
say(`watched in ${watching.toFixed(0)} s: ${watched.looked} members looked at, ${watched.failing.length} have become worse, ${found.length} of them tenants`);
say(`  drifted tenants: ${drifted.size}, ${lookable.length} of them members; found: ${right.length} (missed: ${(100 * (1 - right.length / lookable.length)).toFixed(0)} %)`);
say(`  false alarms: ${found.length - right.length} of ${members.length - lookable.length} others (${((100 * (found.length - right.length)) / (members.length - lookable.length)).toFixed(2)} %), ${((100 * (found.length - right.length)) / Math.max(1, found.length)).toFixed(0)} % of those named`);
const [again, retrained] = await seconds(() => millwright("train", "cancels", "--members", ...watched.failing));
say(`trained again: ${retrained.members} members in ${again.toFixed(0)} s, against ${ours.toFixed(0)} s for everything: ${(ours / again).toFixed(1)}x cheaper; ${retrained.standing} of them stand alone now`);
