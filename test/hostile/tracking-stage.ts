/** The built program's control process on a database of its own, and what strangers send to it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { MLFLOW_ERRORS, type MlflowErrorCode } from "../../src/tracking/mlflow/errors.ts";
import type { GoodCall } from "./tracking-calls.ts";

export const JSON_TYPE = { "content-type": "application/json" };

export interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly json: any;
}

export interface Stage {
  readonly db: TestDatabase;
  readonly control: ChildProcess;
  readonly project: string;
  readonly port: number;
  readonly url: string;
  /** Of an experiment, a run in it, and a model. */
  readonly ids: Readonly<Record<"experiment" | "run" | "model", string>>;
  /** What the process wrote to standard error. */
  said(): string;
  healthy(): Promise<boolean>;
  /** Of the control process, in MB. */
  rss(): number;
  /** @param path after `/api/2.0/mlflow`. */
  post(path: string, body: object | string): Promise<Answer>;
  /** With `$run`, `$experiment` and `$model` filled in. */
  filled(text: string): string;
  send(call: GoodCall): Promise<Answer>;
  /** What of our own is in a text for strangers. */
  leaks(text: string): string[];
  /** A documented error with its status, short, that gives nothing away. Otherwise what is wrong with it. */
  faultOf(answer: Answer): string | undefined;
  /** Runs calls eight at a time; what is wrong with the first answers that are. */
  faults(calls: Iterable<GoodCall>): Promise<string[]>;
  faults<T>(calls: Iterable<T>, ask: (call: T) => Promise<Answer>): Promise<string[]>;
  stop(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const db = await testDatabase();
  const project = join(db.folder, "project");
  mkdirSync(project);
  writeFileSync(
    join(project, "millwright.config.ts"),
    "export default { datasets: {}, models: {} };\n",
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const control = spawn(
    process.execPath,
    ["dist/main.js", "start", "control", "--project", project],
    {
      env: {
        ...process.env,
        ...{ DATABASE_URL: db.url, MILLWRIGHT_PORT: String(port), MILLWRIGHT_LOG: "error" },
      },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  control.stderr!.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const healthy = async (): Promise<boolean> => {
    try {
      return (await fetch(`${url}/health`)).ok;
    } catch {
      return false;
    }
  };
  while (!(await healthy())) await pause(50);
  const post = async (path: string, body: object | string) =>
    answerOf(
      await fetch(`${url}/api/2.0/mlflow${path}`, {
        ...{ method: "POST", headers: JSON_TYPE },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
  const made = async (path: string, body: object) => (await post(path, body)).json;
  const experiment = (await made("/experiments/create", { name: "hostile" })).experiment_id;
  const run = (await made("/runs/create", { experiment_id: experiment })).run.info.run_id;
  const model = (await made("/logged-models", { experiment_id: experiment, name: "l" })).model.info;
  await made("/registered-models/create", { name: "reg" });
  await made("/model-versions/create", { name: "reg", source: "mlflow-artifacts:/0/a" });
  const ids = { experiment, run, model: model.model_id };

  const filled = (text: string): string =>
    text.replace(/\$(run|experiment|model)/g, (_, name: keyof typeof ids) => ids[name]);

  const send = async ({ method, path, body }: GoodCall): Promise<Answer> => {
    const target = url + filled(path);
    if (method !== "GET") {
      const text = filled(JSON.stringify(body));
      return answerOf(await fetch(target, { method, headers: JSON_TYPE, body: text }));
    }
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(body))
      query.append(name, filled(typeof value === "string" ? value : (JSON.stringify(value) ?? "")));
    return answerOf(await fetch(`${target}?${query}`));
  };

  const leaks = (text: string): string[] => {
    const ours: (string | RegExp)[] = [
      ...[db.folder, project, process.cwd(), ".millwright", "node_modules"],
      ...["millwright.", "tracked_run", "latest_metric", "run_tag", "pg_", "postgres"],
      ...[/\n\s+at /, /\bat \w+ \(/, /\.(ts|js):\d/, /syntax error/i, /violates/i],
      ...[/invalid input syntax/i, /\brelation\b/i, /out of range/i, /Database:/, /unnest/],
    ];
    return ours
      .filter((one) => (typeof one === "string" ? text.includes(one) : one.test(text)))
      .map(String);
  };

  const faultOf = ({ status, text, json }: Answer): string | undefined => {
    const short = `${status} ${text.slice(0, 300)}`;
    // A head that is too large is refused before anybody knows what it is for.
    if (status === 200 || status === 431) return undefined;
    if (status >= 500) return short;
    const documented = MLFLOW_ERRORS[json?.error_code as MlflowErrorCode];
    if (documented?.status !== status) return `no documented error: ${short}`;
    if (typeof json.message !== "string" || json.message.length < 5) return `no message: ${short}`;
    if (text.length > 20_000) return `${text.length} characters: ${short}`;
    const found = leaks(text);
    return found.length > 0 ? `gives away ${found}: ${short}` : undefined;
  };

  return {
    ...{ db, control, project, port, url, ids, healthy, post, filled, send, leaks, faultOf },
    said: () => said,
    rss: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${control.pid}/status`, "utf8"))![1]) / 1024,
    async faults<T>(
      calls: Iterable<T>,
      ask: (call: T) => Promise<Answer> = send as never,
    ): Promise<string[]> {
      const found: string[] = [];
      const queue = calls[Symbol.iterator]();
      const one = async () => {
        for (let next = queue.next(); !next.done; next = queue.next()) {
          const fault = faultOf(await ask(next.value));
          if (fault !== undefined)
            found.push(`${JSON.stringify(next.value).slice(0, 400)} → ${fault}`);
        }
      };
      await Promise.all(Array.from({ length: 8 }, one));
      if (!(await healthy())) found.push("the server does not answer any more");
      return found.slice(0, 12);
    },
    async stop() {
      control.kill("SIGKILL");
      await db.stop();
    },
  };
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, text, json };
}

/** Bytes as they are; what comes back until the other side closes or is silent. */
export function raw(port: number, bytes: string | Buffer, silentMs = 400): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
}

export const statuses = (got: string): number[] =>
  [...got.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));
