/**
 * The gateway against the clients people have: tritonclient (HTTP and gRPC), MLflow's scoring client, an OpenAPI validator, all from
 * PyPI and unmodified. Makes a Python environment once per list of versions, starts real gateways (one with a token), runs the tests.
 * Needs python3 with venv. Ends with "N passed, N failed".
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const TOKEN = "a token of conformance";

/** The Python of an environment that has the clients; made when it is not there yet. */
function python() {
  const list = readFileSync(join(here, "requirements.txt"), "utf8");
  const version = run("python3", ["--version"]).stdout.trim();
  const key = createHash("sha256").update(`${version}\n${list}`).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), `millwright-conformance-${key}`);
  const program = join(folder, "bin", "python");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return program;
  rmSync(folder, { recursive: true, force: true });
  run("python3", ["-m", "venv", folder]);
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
  run(program, ["-m", "pip", "install", ...quiet, "-r", join(here, "requirements.txt")]);
  writeFileSync(complete, "");
  return program;
}

function run(program, args) {
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (done.status === 0) return done;
  const why = done.error?.message ?? `${done.stdout}${done.stderr}`;
  throw new Error(`${program} ${args.join(" ")} failed: ${why.slice(-2000)}`);
}

const scratch = mkdtempSync(join(tmpdir(), "millwright-clients-"));
const program = join(here, `../../node_modules/.cache/millwright/conformance-${process.pid}.mjs`);
const gateways = [];
async function start(name, token) {
  const folder = join(scratch, name);
  const env = { ...process.env, MILLWRIGHT_TOKEN: token };
  if (token === undefined) delete env.MILLWRIGHT_TOKEN;
  const child = spawn(process.execPath, [program, folder], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  gateways.push(child);
  const lines = createInterface(child.stdout);
  const first = await Promise.race([once(lines, "line"), once(child, "exit").then(() => [])]);
  if (first[0] === undefined) throw new Error("the gateway did not start");
  return JSON.parse(first[0]);
}

let status = 1;
try {
  const interpreter = python();
  await build({
    entryPoints: [join(here, "gateway-process.ts")],
    outfile: program,
    ...{ bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error" },
  });
  const open = await start("open", undefined);
  const guarded = await start("guarded", TOKEN);
  const tests = spawn(interpreter, ["-W", "ignore", join(here, "main.py"), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: {
      ...process.env,
      ...{ PYTHONDONTWRITEBYTECODE: "1", MILLWRIGHT_TOKEN: TOKEN },
      ...{ MILLWRIGHT_HTTP: open.http, MILLWRIGHT_GRPC: open.grpc },
      ...{ MILLWRIGHT_GUARDED_HTTP: guarded.http, MILLWRIGHT_GUARDED_GRPC: guarded.grpc },
    },
  });
  [status] = await once(tests, "exit");
} finally {
  for (const gateway of gateways) {
    gateway.kill("SIGTERM");
    if (gateway.exitCode === null) await once(gateway, "exit");
  }
  rmSync(scratch, { recursive: true, force: true });
  rmSync(program, { force: true });
}
process.exit(status ?? 1);
