/**
 * The tracking API against MLflow's own client from PyPI, unmodified, in two versions: npm run conformance:tracking
 * Arguments: names of test modules (tracking/test_*.py) or tests in them; all without. --client 3.11.1: that version only.
 * --control: against MLflow's own server instead, to be sure that the tests ask for what MLflow does; those of its defects that
 * ours must not have are marked in the tests. --pytorch: also the script for PyTorch, whose packages are several GB.
 * Needs python3 with venv. Ends with "N passed, N failed".
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { processes } from "./processes.mjs";
import { python } from "./python.mjs";

const TOKEN = "a token of conformance";
const here = fileURLToPath(new URL(".", import.meta.url));
const list = (name) => join(here, "tracking", `requirements${name}.txt`);
const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    client: { type: "string" },
    control: { type: "boolean", default: false },
    pytorch: { type: "boolean", default: false },
  },
});

const scratch = mkdtempSync(join(tmpdir(), "millwright-tracking-"));
const { bundle, start, stop } = processes();

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function healthy(server) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const answer = await fetch(`${server.url}/health`).catch(() => undefined);
    if (answer?.ok) return server;
  }
  throw new Error(`${server.url} is not healthy after a minute`);
}

let folders = 0;
function folder() {
  const data = join(scratch, `server-${folders++}`);
  return { data, places: ["--data", data, "--artifact-root", "mlflow-artifacts:/"] };
}

/** Servers with nothing in them: one open, one for those who have the token. */
async function ours(program, url) {
  const server = (token) =>
    start(process.execPath, [program, ...folder().places], {
      ...{ DATABASE_URL: url, MILLWRIGHT_TOKEN: token, WEBHOOK_TARGETS: "any" },
    });
  return { open: await server(undefined), guarded: await server(TOKEN) };
}

async function control(interpreter) {
  const { data, places } = folder();
  const port = String(await freePort());
  const destination = ["--artifacts-destination", join(data, "artifacts")];
  const program = join(here, "mlflow/mlflow_server.py");
  const server = await start(interpreter, [program, ...places, ...destination, "--port", port], {
    ...{ MLFLOW_WEBHOOK_ALLOWED_SCHEMES: "http,https", MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: "true" },
    ...{ MLFLOW_DISABLE_TELEMETRY: "true", MLFLOW_WEBHOOK_CACHE_TTL: "0" },
  });
  return { open: await healthy(server), guarded: undefined };
}

/** The last line of the tests says how many passed. */
async function tests(interpreter, { open, guarded }, env) {
  const child = spawn(
    interpreter,
    ["-W", "ignore", join(here, "main.py"), join(here, "tracking"), ...names],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        ...{ PYTHONDONTWRITEBYTECODE: "1", MLFLOW_DISABLE_TELEMETRY: "true", DO_NOT_TRACK: "true" },
        ...{ TRACKING: open.url, TRACKING_PID: String(open.pid) },
        ...{ GUARDED: guarded?.url ?? "", TOKEN, SCRATCH: scratch, ...env },
      },
    },
  );
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
    process.stdout.write(chunk);
  });
  await once(child, "close");
  const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(said) ?? [, 0, 1];
  return { passed: Number(passed), failed: Number(failed) };
}

const total = { passed: 0, failed: 0 };
try {
  const oldest = python([list(""), list("-xgboost")]);
  const clients = new Map([
    ["3.11.1", () => oldest],
    ["3.17.2", () => python([list("-newest")], oldest)],
  ]);
  const torch = options.pytorch ? python([list("-pytorch")], oldest) : "";
  const program = await bundle("tracking-process");
  const database = options.control
    ? undefined
    : await start(process.execPath, [
        await bundle("tracking-database-process"),
        join(scratch, "database"),
      ]);
  const wanted = options.client ?? (options.control ? "3.11.1" : undefined);
  for (const [version, interpreter] of clients) {
    if (wanted !== undefined && wanted !== version) continue;
    console.log(`\nmlflow ${version}`);
    const servers = database ? await ours(program, database.url) : await control(oldest);
    const slow = version === (wanted ?? [...clients.keys()].at(-1)) ? "1" : "";
    const more = { SLOW: slow, CONTROL: options.control ? "1" : "", PYTORCH: torch };
    const { passed, failed } = await tests(interpreter(), servers, more);
    total.passed += passed;
    total.failed += failed;
  }
} finally {
  await stop();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
