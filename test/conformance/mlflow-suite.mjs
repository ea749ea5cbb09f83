/**
 * MLflow's own HTTP tests against our tracking API: npm run conformance:mlflow -- --mlflow-src <a checkout of MLflow v3.11.1>
 * With --control the same tests through the same plugin against MLflow's own server, which is what ours is compared with; its
 * results are kept in mlflow/control.json. Without, writes mlflow/RESULTS.md. With --select <expression of pytest -k> runs a part and
 * writes nothing. Their tests are read from the checkout; nothing of them is kept here.
 * Needs python3 with venv. Ends with "N passed, N failed, N skipped"; fails when a test fails that the control passes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { processes } from "./processes.mjs";
import { python } from "./python.mjs";

const VERSION = "3.11.1";
const FILES = [
  "tests/tracking/test_model_registry.py",
  "tests/tracking/test_rest_tracking.py",
  "tests/tracking/test_mlflow_artifacts.py",
  "tests/tracking/test_client_webhooks.py",
  "tests/store/model_registry/test_rest_store_webhooks.py",
  "tests/tracing/test_otel_logging.py",
];
const FIELDS =
  "--port {port} --data {data} --artifact-root {artifact_root} --artifacts-destination {artifacts_destination}";

const here = fileURLToPath(new URL("./mlflow/", import.meta.url));
const { values: options } = parseArgs({
  options: {
    "mlflow-src": { type: "string" },
    control: { type: "boolean", default: false },
    select: { type: "string" },
  },
});
const source = options["mlflow-src"];
const versionFile = source && join(source, "mlflow/version.py");
if (!source || !existsSync(join(source, "tests/conftest.py"))) {
  console.error("--mlflow-src must name a checkout of MLflow (its folder 'tests' is missing there).");
  process.exit(2);
}
if (existsSync(versionFile) && !readFileSync(versionFile, "utf8").includes(`"${VERSION}"`)) {
  console.error(`--mlflow-src is not v${VERSION}: git checkout v${VERSION}`);
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), "millwright-mlflow-"));
const { bundle, start, stop } = processes();
const run = async (program, args, env = {}, cwd = scratch) => {
  const child = spawn(program, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  const [status] = await once(child, "exit");
  return status ?? 1;
};

let status = 1;
try {
  const interpreter = python([join(here, "requirements.txt")]);
  // The tests alone, so that the installed mlflow is imported.
  cpSync(join(source, "tests"), join(scratch, "tests"), { recursive: true });
  cpSync(join(source, "pyproject.toml"), join(scratch, "pyproject.toml"));
  const server = options.control
    ? `${interpreter} -W ignore ${join(here, "mlflow_server.py")}`
    : `${process.execPath} ${await bundle("tracking-process")}`;
  const database = options.control
    ? undefined
    : await start(process.execPath, [
        await bundle("tracking-database-process"),
        join(scratch, "database"),
      ]);
  const results = join(scratch, "results.xml");
  const quiet = ["-p", "no:cacheprovider", "-q", "--no-showlocals", "--timeout", "120"];
  const selected = options.select === undefined ? [] : ["-k", options.select];
  const began = Date.now();
  await run(
    interpreter,
    ["-m", "pytest", "-p", "mlflow_plugin", ...quiet, ...selected, `--junitxml=${results}`, ...FILES],
    {
      ...{ PYTHONPATH: [here, scratch].join(delimiter), PYTHONDONTWRITEBYTECODE: "1", CI: "" },
      ...{ MLFLOW_CONFORMANCE_SERVER: `${server} ${FIELDS}`, DATABASE_URL: database?.url ?? "" },
      MLFLOW_CONFORMANCE_TEMPLATE: join(scratch, "template.db"),
      ...(options.control ? { MLFLOW_CONFORMANCE_CONTROL: "1" } : {}),
      ...{ MLFLOW_DISABLE_TELEMETRY: "true", DO_NOT_TRACK: "true" },
      // A server's mistake is a failed test, not minutes of trying again.
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: "1",
    },
  );
  const mode = options.select === undefined ? [] : ["--part"];
  if (options.control) mode.push("--control");
  const seconds = Math.round((Date.now() - began) / 1000);
  status = await run(interpreter, [join(here, "report.py"), results, String(seconds), ...mode]);
} finally {
  await stop();
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(status);
