import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { ERROR_CODES, type ErrorCode } from "../../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../../errors.ts";
import type { Json } from "../../lib/json.ts";
import { plainJson } from "../../lib/plain-json.ts";
import type { BodyCall, BodyStart, Failure, FromBody, ToBody } from "./protocol.ts";
import { MOST_JSON, type StepFunction, userRun } from "./user-run.ts";

type Body = (run: ReturnType<typeof userRun>) => unknown;

interface Call {
  readonly input: Json;
  readonly execute: StepFunction | undefined;
  resolve(value: Json): void;
  reject(error: unknown): void;
  stop: AbortController | undefined;
}

/**
 * Called once by the entry file of such threads (`src/pipeline-thread.ts`): runs the body of a person's pipeline from the top. What it
 * asks for goes to the main thread; functions of steps are run here, when they are asked for.
 */
export async function serveBody(): Promise<void> {
  const port = parentPort;
  if (!port)
    throw new MillwrightError("internal", "serveBody runs in a worker thread (see bodies.ts).");
  const { file, pipeline, about } = workerData as BodyStart;
  const say = (message: FromBody): void => port.postMessage(message);
  const calls = new Map<number, Call>();
  let asked = 0;

  const ask = (call: BodyCall, execute?: StepFunction): Promise<Json> =>
    new Promise((resolve, reject) => {
      const id = asked++;
      const input = call.kind === "step" ? call.input : null;
      calls.set(id, { input, execute, resolve, reject, stop: undefined });
      say({ kind: "call", id, call });
    });

  const execute = async (id: number, attempt: number): Promise<void> => {
    const call = calls.get(id)!;
    const stop = new AbortController();
    call.stop = stop;
    try {
      const value = await call.execute!(structuredClone(call.input) as never, {
        ...{ signal: stop.signal, attempt, folder: about.folder },
        progress: (message, fraction) =>
          say({ kind: "progress", id, message: String(message), fraction }),
        log: (message) => say({ kind: "log", message: String(message) }),
      });
      say({ kind: "executed", id, value: plainJson(value, "What it gave back", MOST_JSON) });
    } catch (error) {
      say({ kind: "failed", id, failure: failureOf(error) });
    }
  };

  port.on("message", (message: ToBody) => {
    if (message.kind === "execute") return void execute(message.id, message.attempt);
    if (message.kind === "abort") return calls.get(message.id)?.stop?.abort(new Error(message.why));
    const call = calls.get(message.id);
    calls.delete(message.id);
    if (message.kind === "answer") return call?.resolve(message.value);
    const { code, message: words } = message.failure;
    call?.reject(new MillwrightError(code, words));
  });

  try {
    const body = await bodyOf(file, pipeline);
    const run = userRun(about, ask, (message) => say({ kind: "log", message }));
    const value = await body(run);
    say({ kind: "done", value: plainJson(value, "What the pipeline gave back", MOST_JSON) });
  } catch (error) {
    say({ kind: "broken", failure: failureOf(error) });
  }
}

async function bodyOf(file: string, pipeline: string): Promise<Body> {
  type Project = { readonly pipelines?: Readonly<Record<string, { readonly body?: unknown }>> };
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: Project };
  const { pipelines = {} } = module.default ?? {};
  const body = Object.hasOwn(pipelines, pipeline) ? pipelines[pipeline]?.body : undefined;
  if (typeof body === "function") return body as Body;
  throw new MillwrightError(
    "not_found",
    `The code of this run has no pipeline '${pipeline}'. It has ${Object.keys(pipelines).join(", ") || "none"}.`,
  );
}

/** Ours keep their code; everything else may pass when it is tried again. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: "internal", message: `thrown: ${String(error)}` };
  const code = (error as { readonly code?: unknown }).code;
  const { name, message, stack } = error;
  if (name === "MillwrightError" && typeof code === "string" && code in ERROR_CODES)
    return { code: code as ErrorCode, message };
  return { code: "internal", message: `${name}: ${message}`, stack };
}
