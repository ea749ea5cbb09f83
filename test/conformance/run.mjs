/**
 * The gateway against the clients people have: tritonclient (HTTP and gRPC), MLflow's scoring client, an OpenAPI validator, all from
 * PyPI and unmodified. Makes a Python environment once per list of versions, starts real gateways (one with a token), runs the tests.
 * Needs python3 with venv. Ends with "N passed, N failed".
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processes } from "./processes.mjs";
import { python } from "./python.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const TOKEN = "a token of conformance";

const scratch = mkdtempSync(join(tmpdir(), "millwright-clients-"));
const { bundle, start, stop } = processes();

let status = 1;
try {
  const interpreter = python([join(here, "requirements.txt")]);
  const program = await bundle("gateway-process");
  const gateway = (name, token) =>
    start(process.execPath, [program, join(scratch, name)], { MILLWRIGHT_TOKEN: token });
  const open = await gateway("open", undefined);
  const guarded = await gateway("guarded", TOKEN);
  const tests = spawn(interpreter, ["-W", "ignore", join(here, "main.py"), here, ...process.argv.slice(2)], {
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
  await stop();
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(status ?? 1);
