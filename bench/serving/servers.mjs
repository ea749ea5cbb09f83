/** The contenders: how each is started, asked and read. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PEERS = join(HERE, "peers");

/** The probabilities of the first row, from an answer in the Open Inference Protocol's form. */
const ofTensors = ({ outputs }) => {
  const floats = outputs.filter(({ data }) => data.some((value) => typeof value === "number" && !Number.isInteger(value))).at(-1);
  return floats.data.flat(9).slice(0, floats.shape.at(-1));
};
const ofRows = ({ predictions: [first] }) => Object.values(first.probabilities);

const node = (script, args) => ({ command: process.execPath, args: [join(HERE, script), ...args] });
const ours = (log, protocol) => ({
  start: ({ folder, port, processes }) => ({
    command: process.execPath,
    args: ["dist/bench/serving-ours.mjs", folder, String(port), log, String(processes)],
  }),
  path: (model) => (protocol === "rows" ? `/models/${model}/predict` : `/v2/models/${model}/infer`),
  bodies: protocol,
  read: protocol === "rows" ? ofRows : ofTensors,
});
const python = (script) => ({ python, port, processes }) => ({
  command: python,
  args: [join(PEERS, script), String(port), String(processes)],
});
const cli = (program, args) => ({ python, port, processes }) => ({
  command: python.replace(/python3?$/, program),
  args: args(String(port), String(processes)),
});

/** `peer: true` needs PYTHON, an interpreter with the packages of peers/requirements.txt. */
export const SERVERS = {
  echo: {
    start: ({ port, processes, file }) => node("plain.mjs", ["echo", String(port), String(processes), file]),
    path: () => "/",
    bodies: "matrix",
    read: undefined,
  },
  "echo-rows": {
    start: ({ port, processes, file }) => node("plain.mjs", ["echo", String(port), String(processes), file]),
    path: () => "/",
    bodies: "rows",
    read: undefined,
  },
  "node-ort": {
    start: ({ port, processes, file }) => node("plain.mjs", ["ort", String(port), String(processes), file]),
    path: () => "/",
    bodies: "matrix",
    read: ofTensors,
    needsRaw: true,
  },
  "ours-rows": ours("durable", "rows"),
  "ours-rows-nolog": ours("off", "rows"),
  "ours-oip": ours("durable", "matrix"),
  "ours-oip-nolog": ours("off", "matrix"),
  fastapi: {
    peer: true,
    needsRaw: true,
    start: cli("uvicorn", (port, workers) => [
      ...["fastapi_app:app", "--port", port, "--workers", workers],
      ...["--no-access-log", "--log-level", "warning", "--loop", "uvloop", "--http", "httptools"],
    ]),
    path: () => "/infer",
    bodies: "matrix",
    read: ofTensors,
  },
  mlflow: {
    peer: true,
    needsRaw: true,
    start: python("mlflow_start.py"),
    path: () => "/invocations",
    bodies: "instances",
    read: ({ predictions }) => ofNamed(predictions),
  },
  bentoml: {
    peer: true,
    needsRaw: true,
    start: cli("bentoml", (port) => ["serve", "bentoml_service:Model", "--port", port]),
    path: () => "/predict",
    bodies: "instances",
    read: (answer) => answer[0],
  },
  mlserver: {
    peer: true,
    needsRaw: true,
    // Its requirements (an old FastAPI) do not go together with those of the others.
    start: (parts) => python("mlserver_start.py")({ ...parts, python: process.env.PYTHON_MLSERVER ?? parts.python }),
    path: () => "/v2/models/model/infer",
    bodies: "matrix",
    read: ofTensors,
  },
  ray: {
    peer: true,
    needsRaw: true,
    start: python("ray_app.py"),
    path: () => "/infer",
    bodies: "matrix",
    read: ofTensors,
  },
};

/** MLflow names outputs when there are several. */
function ofNamed(predictions) {
  if (Array.isArray(predictions)) return predictions[0];
  const lists = Object.values(predictions).filter((list) => Array.isArray(list[0]));
  return (lists.at(-1) ?? Object.values(predictions).at(-1))[0];
}

/** Starts one and waits until it answers the first body with 200. */
export async function start(name, { model, file, input, folder, processes, python, sample }) {
  const server = SERVERS[name];
  const port = await freePort();
  const { command, args } = server.start({ port, processes, file, folder, python });
  const child = spawn(command, args, {
    cwd: server.peer ? PEERS : process.cwd(),
    env: {
      ...process.env,
      ...{ MODEL: file, INPUT: input, PROCESSES: String(processes) },
      ...{ PYTHONDONTWRITEBYTECODE: "1", OMP_NUM_THREADS: "1", RAY_USAGE_STATS_ENABLED: "0" },
      ...{ BENTOML_DO_NOT_TRACK: "True", MLFLOW_DISABLE_TELEMETRY: "true" },
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes) => {
      said = (said + bytes).slice(-3000);
    });
  let gone = false;
  child.once("exit", () => {
    gone = true;
  });
  const url = `http://127.0.0.1:${port}${server.path(model)}`;
  const stop = () =>
    new Promise((resolve) => {
      if (gone) return resolve();
      child.once("exit", resolve);
      signal(child.pid, "SIGTERM");
      setTimeout(() => signal(child.pid, "SIGKILL"), 8000).unref();
    });
  for (const until = Date.now() + 120_000; ; ) {
    const answer = await post(url, sample).catch(() => undefined);
    if (answer?.status === 200) return { name, url, pid: child.pid, stop, first: answer.body };
    if (gone || Date.now() > until) {
      await stop();
      throw new Error(`${name} does not answer ${answer?.status ?? ""} ${JSON.stringify(answer?.body)?.slice(0, 300)}: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function post(url, body) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return { status: answer.status, body: await answer.json().catch(() => undefined) };
}

/** The group that the server leads: nothing of it stays behind. */
function signal(pid, name) {
  try {
    process.kill(-pid, name);
  } catch {}
}

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
