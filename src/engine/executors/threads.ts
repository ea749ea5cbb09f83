import { availableParallelism, totalmem } from "node:os";
import { Worker } from "node:worker_threads";
import { MillwrightError } from "../../errors.ts";
import type { Abort } from "../../lib/abort.ts";
import type { Compute } from "../compute.ts";
import type { FromThread, TeamRequest, ToThread } from "./protocol.ts";
import { closeTeam, memberGone } from "./team.ts";

const LOOK_AT_SIGNAL_MS = 50;
/** A task that has not noticed after this long that it should stop loses its thread. */
const DEAF_AFTER_MS = 10_000;
const IDLE_MS = 10_000;

interface Thread {
  readonly worker: Worker;
  /** What to do with its messages; undefined = idle. */
  listener: ((message: FromThread) => void) | undefined;
  /** Called once when the thread is gone while it had work. */
  lost: ((why: string) => void) | undefined;
  idleSince: number;
  lastWords: string;
}

/**
 * `Compute` on worker threads that run `entry` (`dist/compute.js`, which calls `serveCompute`). At most `size` tasks at once,
 * the others queue; teams bring further threads. Threads start when needed, are kept for ten idle seconds, and do not keep
 * the process alive. A thread that dies (out of memory, process.exit, native crash of its code) fails its task with a clear
 * error; the next task gets a new one.
 */
export function threadCompute(options: {
  entry: URL | string;
  size?: number;
  /** V8 heap of each thread in MiB; typed arrays and WebAssembly memories are outside it. */
  heapMb?: number;
}): Compute {
  const size = options.size ?? Math.max(1, availableParallelism());
  const heapMb =
    options.heapMb ??
    Math.round(Math.min(8192, Math.max(512, (totalmem() / 2 ** 20 / size) * 0.7)));
  const threads = new Set<Thread>();
  const queue: (() => void)[] = [];
  let running = 0;
  let closed = false;

  const spawn = (): Thread => {
    const worker = new Worker(options.entry, {
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
      // The parent's debugger and loader flags do not concern the bundle.
      execArgv: [],
    });
    const thread: Thread = {
      worker,
      listener: undefined,
      lost: undefined,
      idleSince: Date.now(),
      lastWords: "",
    };
    threads.add(thread);
    worker.unref();
    worker.on("message", (message: FromThread) => thread.listener?.(message));
    worker.on("messageerror", (error) => {
      thread.lastWords = `its message could not be read: ${error.message}`;
      void worker.terminate();
    });
    worker.on("error", (error) => {
      const { code } = error as NodeJS.ErrnoException;
      thread.lastWords =
        code === "ERR_WORKER_OUT_OF_MEMORY"
          ? `it ran out of memory (${heapMb} MiB of heap): use fewer rows or columns at once, or a machine with more memory`
          : error.message;
    });
    worker.on("exit", (code) => {
      threads.delete(thread);
      const { lost } = thread;
      thread.lost = undefined;
      thread.listener = undefined;
      lost?.(thread.lastWords || `it exited with code ${code}`);
    });
    return thread;
  };

  const take = (): Thread => {
    for (const thread of threads) if (!thread.listener && !thread.lastWords) return thread;
    return spawn();
  };
  const release = (thread: Thread): void => {
    thread.listener = undefined;
    thread.lost = undefined;
    thread.idleSince = Date.now();
    thread.worker.unref();
  };
  const sweep = setInterval(() => {
    for (const thread of threads)
      if (!thread.listener && Date.now() - thread.idleSince > IDLE_MS)
        void thread.worker.terminate();
  }, IDLE_MS / 2);
  sweep.unref();

  const send = (thread: Thread, message: ToThread): void => thread.worker.postMessage(message);

  /** Puts `size - 1` threads at the disposal of a task's team. */
  const provideTeam = ({ member, size: members, init, control }: TeamRequest): void => {
    for (let index = 1; index < members; index++) {
      const thread = take();
      thread.listener = (message) => {
        if (message.kind === "member-free") release(thread);
      };
      thread.lost = (why) => memberGone(control, index, why);
      thread.worker.ref();
      send(thread, { kind: "member", index, member, size: members, init, control });
    }
  };

  const execute = (
    task: string,
    input: unknown,
    signal: Abort | undefined,
    onProgress: ((message: string, fraction?: number) => void) | undefined,
  ): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const thread = take();
      const stop = new SharedArrayBuffer(4);
      const teams: SharedArrayBuffer[] = [];
      let askedAt = 0;
      const looks =
        signal &&
        setInterval(() => {
          if (!signal.aborted) return;
          Atomics.store(new Int32Array(stop), 0, 1);
          askedAt ||= Date.now();
          if (Date.now() - askedAt > DEAF_AFTER_MS) void thread.worker.terminate();
        }, LOOK_AT_SIGNAL_MS);
      const over = (): void => {
        clearInterval(looks);
        for (const control of teams) closeTeam(control);
      };
      thread.listener = (message) => {
        if (message.kind === "progress") return onProgress?.(message.message, message.fraction);
        if (message.kind === "team") {
          teams.push(message.control);
          return provideTeam(message);
        }
        over();
        release(thread);
        if (message.kind === "done") resolve(message.value);
        else if (message.kind === "failed")
          reject(
            new MillwrightError(message.failure.code, message.failure.message, {
              details: (message.failure.details ?? {}) as Record<string, unknown>,
            }),
          );
      };
      thread.lost = (why) => {
        over();
        reject(
          askedAt > 0
            ? new MillwrightError("cancelled", `Task '${task}' was cancelled.`)
            : new MillwrightError("internal", `The thread of task '${task}' ended: ${why}.`),
        );
      };
      thread.worker.ref();
      send(thread, { kind: "task", task, input, stop });
    });

  const turn = (): Promise<void> | undefined => {
    if (running < size) {
      running += 1;
      return undefined;
    }
    // Whoever finishes hands its place over.
    return new Promise((go) => queue.push(go));
  };

  return {
    async run<T>(
      task: string,
      input: unknown,
      { signal, progress }: Parameters<Compute["run"]>[2] = {},
    ): Promise<T> {
      await turn();
      try {
        if (closed) throw new MillwrightError("unavailable", "The compute threads are closed.");
        if (signal?.aborted)
          throw new MillwrightError("cancelled", `Task '${task}' was cancelled.`);
        return (await execute(task, input, signal, progress)) as T;
      } finally {
        const next = queue.shift();
        if (next) next();
        else running -= 1;
      }
    },
    async close() {
      closed = true;
      clearInterval(sweep);
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
    },
  };
}
