import { Worker } from "node:worker_threads";
import { MillwrightError } from "../../errors.ts";
import type { Json } from "../../lib/json.ts";
import type { StepContext } from "../engine.ts";
import type { BodyCall, BodyStart, Failure, FromBody, ToBody } from "./protocol.ts";

const NOTICE_MS = 100;
/** A function that has not ended so long after it was asked to loses its thread, and with it the run. */
const GRACE_MS = 10_000;
/** A body that asks for nothing for so long while it has all its answers is lost: it loops, or works outside of steps. */
const IDLE_MS = 120_000;

interface Execution {
  readonly context: StepContext;
  resolve(value: Json): void;
  reject(error: Error): void;
}

/** What a thread tells. */
export interface ThreadEvents {
  called(id: number, call: BodyCall): void;
  line(text: string): void;
  ended(outcome: { readonly value: Json } | { readonly error: Error }): void;
}

export interface BodyThread {
  /** Resolves when it is gone. */
  readonly over: Promise<void>;
  /** Runs the function of a call. Throws `timeout` when it takes longer; never while it goes on. */
  execute(id: number, context: StepContext, timeoutMs: number | undefined): Promise<Json>;
  answer(id: number, value: Json): void;
  refuse(id: number, failure: Failure): void;
  /** No function begins any more, and those in flight are asked to end. */
  halt(): void;
  end(): Promise<void>;
}

/** A thread that runs one body once. `ended` hears how that came out; functions may still be in flight. */
export function bodyThread(
  options: ThreadEvents & {
    readonly entry: URL;
    readonly start: BodyStart;
    readonly heapMb: number;
  },
): BodyThread {
  const { entry, start, heapMb, called, line, ended } = options;
  const executions = new Map<number, Execution>();
  const attempts = new Map<number, number>();
  let halted = false;
  let gone: Error | undefined;
  let lastWords = "";
  let unanswered = 0;
  let idleSince = performance.now();
  const worker = new Worker(entry, {
    workerData: start,
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    // The parent's debugger and loader flags do not concern the bundle.
    execArgv: [],
    // Nothing that a person prints may get between lines of JSON.
    ...{ stdout: true, stderr: true },
  });
  const say = (message: ToBody): void => worker.postMessage(message);
  for (const stream of [worker.stdout, worker.stderr]) linesOf(stream, line);

  const kill = (why: string): void => {
    lastWords ||= why;
    void worker.terminate();
  };
  const lost = (why: string): void => {
    clearInterval(watch);
    const at = executions.size > 0 ? " in the middle of a step" : "";
    gone ??= new MillwrightError(
      "invalid_config",
      `The thread of pipeline '${start.pipeline}' ended${at}: ${why}.`,
    );
    for (const execution of executions.values()) execution.reject(gone);
    executions.clear();
    ended({ error: gone });
  };
  worker.on("error", (error) => {
    const { code } = error as NodeJS.ErrnoException;
    lastWords =
      code === "ERR_WORKER_OUT_OF_MEMORY"
        ? `it ran out of memory (${heapMb} MiB of heap). Hold less at once, or give the work to a program: { run: process({…}) }`
        : `${error.message}. An error that nothing awaits ends the run`;
  });
  worker.on("exit", (code) => lost(lastWords || `it left with code ${code} (process.exit?)`));
  worker.on("messageerror", (error) => kill(`its message could not be read: ${error.message}`));
  const watch = setInterval(() => {
    if (unanswered > 0 || performance.now() - idleSince < IDLE_MS) return;
    kill(
      `for ${IDLE_MS / 1000} s it asked for no step. What takes time belongs into a step: between them a body only decides`,
    );
  }, 1000);
  watch.unref();

  worker.on("message", (message: FromBody) => {
    if (message.kind === "call") {
      unanswered += 1;
      return called(message.id, message.call);
    }
    if (message.kind === "log") return line(message.message);
    if (message.kind === "done") return ended({ value: message.value });
    if (message.kind === "broken") return ended({ error: errorOf(message.failure) });
    const execution = executions.get(message.id);
    if (message.kind === "progress")
      return execution?.context.progress(message.message, message.fraction);
    executions.delete(message.id);
    if (message.kind === "executed") return execution?.resolve(message.value);
    if (message.failure.stack) line(message.failure.stack);
    execution?.reject(errorOf(message.failure));
  });
  const answered = (message: ToBody): void => {
    unanswered -= 1;
    idleSince = performance.now();
    say(message);
  };

  return {
    over: new Promise((resolve) => worker.once("exit", () => resolve())),
    answer: (id, value) => answered({ kind: "answer", id, value }),
    refuse: (id, failure) => answered({ kind: "refuse", id, failure }),
    async execute(id, context, timeoutMs) {
      if (gone) throw gone;
      if (halted) throw overAlready();
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      const began = performance.now();
      let why: string | undefined;
      let askedAt = 0;
      const looks = setInterval(() => {
        const late = timeoutMs !== undefined && performance.now() - began > timeoutMs;
        why ??= whyEnd(halted || context.signal.aborted, late && timeoutMs);
        if (why === undefined) return;
        if (askedAt === 0) say({ kind: "abort", id, why });
        askedAt ||= performance.now();
        if (performance.now() - askedAt > GRACE_MS)
          kill(`${why}, and did not end within ${GRACE_MS / 1000} s after its signal`);
      }, NOTICE_MS);
      try {
        return await new Promise<Json>((resolve, reject) => {
          executions.set(id, { context, resolve, reject });
          say({ kind: "execute", id, attempt });
        });
      } catch (error) {
        if (gone) throw gone;
        if (halted) throw overAlready();
        if (why === undefined || context.signal.aborted) throw error;
        throw new MillwrightError("timeout", `It was ended: ${why}. Give it more (timeout).`);
      } finally {
        clearInterval(looks);
      }
    },
    halt() {
      halted = true;
    },
    async end() {
      gone ??= overAlready();
      clearInterval(watch);
      await worker.terminate();
    },
  };
}

const overAlready = () => new MillwrightError("cancelled", "The run was over before it ended.");

function whyEnd(told: boolean, lateMs: number | false): string | undefined {
  if (told) return "it was told to stop";
  return lateMs === false ? undefined : `it took longer than ${lateMs / 1000} s`;
}

const errorOf = ({ code, message }: Failure): Error => new MillwrightError(code, message);

function linesOf(stream: NodeJS.ReadableStream, line: (text: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(-10_000);
    for (const one of lines) if (one.trim() !== "") line(one);
  });
  stream.on("end", () => {
    if (rest.trim() !== "") line(rest);
  });
}
