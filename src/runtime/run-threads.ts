import { Worker } from "node:worker_threads";
import type { ErrorCode } from "../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../errors.ts";
import type { Session, TensorData } from "./runtime.ts";

type Feeds = Readonly<Record<string, TensorData>>;

export type ToRunThread = { readonly id: number; readonly model: number } & (
  | { readonly open: Uint8Array }
  | { readonly run: Feeds }
  | { readonly close: true }
  /** Nothing more will come: the thread ends. */
  | { readonly end: true }
);

export interface FromRunThread {
  readonly id: number;
  readonly outputs?: Feeds;
  readonly failed?: { readonly code: ErrorCode; readonly message: string };
}

/** Threads with models in them, for runs that would block the event loop too long. */
export interface RunThreads {
  readonly size: number;
  /**
   * Opens a model in every thread. Runs go to the thread with the fewest. A run rejects with `unavailable` when its thread has
   * died; it can be tried elsewhere.
   */
  open(model: Uint8Array): Promise<Pick<Session, "run" | "close">>;
  /** Waits for what is running: ONNX Runtime takes the whole process down when its thread is ended in the middle of a run. */
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, (said: FromRunThread) => void>;
  dead: boolean;
}

/**
 * @param entry `dist/run-thread.js`.
 * A run there costs 0.1 ms more than in the calling thread (tensors are copied both ways), so this is for models that take
 * milliseconds. Threads start with the first model and do not keep the process alive. One that has died is not replaced: its
 * models are run by the caller again.
 */
export function runThreads(entry: URL, size: number): RunThreads {
  let threads: Thread[] = [];
  let ids = 0;
  let models = 0;

  function start(): Thread {
    const worker = new Worker(entry, { execArgv: [] });
    worker.unref();
    const thread: Thread = { worker, waiting: new Map(), dead: false };
    const lost = (): void => {
      thread.dead = true;
      const message = "A thread that ran models has ended; try again.";
      for (const [id, done] of thread.waiting)
        done({ id, failed: { code: "unavailable", message } });
      thread.waiting.clear();
    };
    worker.on("message", (said: FromRunThread) => {
      thread.waiting.get(said.id)?.(said);
      thread.waiting.delete(said.id);
    });
    worker.on("error", lost);
    worker.on("exit", lost);
    return thread;
  }

  async function ask(
    thread: Thread,
    model: number,
    what: { open: Uint8Array } | { run: Feeds } | { close: true },
  ): Promise<FromRunThread> {
    const id = ids++;
    const said = await new Promise<FromRunThread>((resolve) => {
      thread.waiting.set(id, resolve);
      if (thread.dead) resolve({ id, failed: { code: "unavailable", message: "It has ended." } });
      else thread.worker.postMessage({ id, model, ...what } satisfies ToRunThread);
    });
    if (said.failed !== undefined) throw new MillwrightError(said.failed.code, said.failed.message);
    return said;
  }

  return {
    size,
    async open(bytes) {
      if (threads.length === 0) threads = Array.from({ length: size }, start);
      const model = models++;
      await Promise.all(threads.map((thread) => ask(thread, model, { open: bytes })));
      return {
        async run(feeds) {
          const thread = threads.reduce((least, one) =>
            one.waiting.size < least.waiting.size ? one : least,
          );
          return (await ask(thread, model, { run: feeds })).outputs!;
        },
        async close() {
          const all = threads.map((thread) => ask(thread, model, { close: true }));
          await Promise.allSettled(all);
        },
      };
    },
    async close() {
      await Promise.all(
        threads.map(async (thread) => {
          const gone = new Promise((resolve) => thread.worker.once("exit", resolve));
          if (thread.dead) return;
          thread.worker.postMessage({ id: ids++, model: -1, end: true } satisfies ToRunThread);
          await gone;
        }),
      );
    },
  };
}
