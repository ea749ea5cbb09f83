/** The two servers on one PostgreSQL, a database each; started, called and ended here. */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import pg from "pg";
import { historyOurs, historyTheirs, loadOurs, loadTheirs } from "./corpus.mjs";

/**
 * A folder, a database in it and what starts the servers; `end` ends them all.
 * @param profile a folder: our server leaves a CPU profile there.
 * @param keep a folder that stays, instead of a temporary one.
 */
export async function stage({ python, workers, profile, keep }) {
  mkdirSync("dist/bench", { recursive: true });
  await build({
    ...{ bundle: true, format: "esm", platform: "node", packages: "external", logLevel: "warning", sourcemap: true },
    ...{ entryPoints: { "tracking-ours": "bench/tracking/ours.ts" }, outdir: "dist/bench", outExtension: { ".js": ".mjs" } },
  });
  cpSync("src/storage/migrations", "dist/bench/migrations", { recursive: true });
  const folder = keep ?? mkdtempSync(join(tmpdir(), "bench-tracking-"));
  mkdirSync(folder, { recursive: true });
  // Root's temporary folders are private; PostgreSQL runs as another user.
  execFileSync("chmod", ["755", folder]);
  const children = [];
  // Whatever fails: nothing is left running.
  process.on("exit", () => {
    for (const child of children) child.kill("SIGTERM");
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

  const begin = async (args, flags = []) => {
    const child = spawn(process.execPath, [...flags, "dist/bench/tracking-ours.mjs", ...args], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    const first = await new Promise((resolve, reject) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`${args[0]} ended with ${code}`)));
    });
    return { ...JSON.parse(first), pid: child.pid };
  };
  const database = await begin(["database", join(folder, "pg")]);
  const urlOf = (name) => database.url.replace(/\/[^/?]*(\?|$)/, `/${name}$1`);
  const connect = async (name) => {
    const client = new pg.Client(urlOf(name));
    await client.connect();
    return client;
  };

  return {
    ...{ folder, place: database.about, postgres: database.pid },
    async ours() {
      const flags = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
      const { url, pid } = await begin(["serve", join(folder, "ours"), urlOf("ours")], flags);
      return { name: "ours", url, pid, sql: await connect("ours"), loadCorpus: loadOurs, loadHistory: historyOurs };
    },
    async theirs() {
      const port = await freePort();
      // The driver is named: which one a plain postgresql: means depends on the version of SQLAlchemy.
      const store = urlOf("theirs").replace(/^postgres(ql)?:/, "postgresql+psycopg2:");
      const child = spawn(
        python,
        ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", String(port), "--workers", String(workers),
          "--backend-store-uri", store, "--artifacts-destination", join(folder, "theirs")],
        { stdio: ["ignore", "ignore", "ignore"], env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true", DO_NOT_TRACK: "true" } },
      );
      children.push(child);
      const url = `http://127.0.0.1:${port}`;
      for (let i = 0; ; i++) {
        if ((await fetch(`${url}/health`).catch(() => undefined))?.ok) break;
        if (i > 240 || child.exitCode !== null) throw new Error("MLflow's server did not start");
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      return { name: "mlflow", url, pid: child.pid, sql: await connect("theirs"), loadCorpus: loadTheirs, loadHistory: historyTheirs };
    },
    /** The servers first, then the database. */
    async end(contenders) {
      for (const { sql } of contenders) await sql.end();
      for (const child of children.reverse()) {
        child.kill("SIGTERM");
        await new Promise((resolve) => (child.exitCode === null ? child.once("exit", resolve) : resolve()));
      }
      if (keep === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** A call of the API, which must succeed. */
export async function call({ url }, path, body) {
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
