import { MillwrightError } from "../errors.ts";
import type { RunThreads } from "./run-threads.ts";
import type { Runtime, Session } from "./runtime.ts";

/** Runs that long keep everybody else waiting. */
const HEAVY_MS = 8;
/** So many runs in a row, each of them heavy: it is the model, not a large batch. */
const RUNS = 5;

/**
 * A runtime that moves heavy models out of the way: a model whose last runs all blocked the event loop for more than 8 ms is
 * opened in threads, and run there from then on. Small models stay: handing over costs more than they do. When the threads are
 * lost, the model runs here again.
 */
export function placed(
  runtime: Runtime,
  threads: RunThreads,
  now: () => number = () => performance.now(),
): Runtime {
  return {
    name: runtime.name,
    close: () => threads.close(),
    async load(model, options) {
      const again = options?.again ?? keeping(model);
      const here = await runtime.load(model, options);
      let there: Pick<Session, "run" | "close"> | undefined;
      let moving: Promise<void> | undefined;
      let heavy = 0;
      let closed = false;

      function learn(ms: number): void {
        heavy = ms > HEAVY_MS ? heavy + 1 : 0;
        if (heavy < RUNS || moving !== undefined) return;
        moving = again()
          .then((bytes) => threads.open(bytes))
          .then(
            async (opened) => {
              if (closed) await opened.close();
              else there = opened;
            },
            // It stays where it is.
            () => undefined,
          );
      }

      async function runHere(feeds: Parameters<Session["run"]>[0]) {
        let started = now();
        // ONNX Runtime begins in the next turn of the event loop, behind this.
        setImmediate(() => {
          started = now();
        });
        const outputs = await here.run(feeds);
        learn(now() - started);
        return outputs;
      }

      return {
        inputs: here.inputs,
        outputs: here.outputs,
        ...(here.packs === undefined ? {} : { packs: here.packs }),
        ...(here.sharesGraph ? { sharesGraph: true } : {}),
        get lanes() {
          return there === undefined ? 0 : threads.size;
        },
        async run(feeds) {
          const elsewhere = there;
          if (elsewhere === undefined) return runHere(feeds);
          try {
            return await elsewhere.run(feeds);
          } catch (error) {
            if (!(error instanceof MillwrightError) || error.code !== "unavailable") throw error;
            there = undefined;
            return runHere(feeds);
          }
        },
        async close() {
          closed = true;
          await Promise.all([here.close(), there?.close()]);
        },
      };
    },
  };
}

/** Apart: what is inside `load` would keep the file of every model. */
const keeping = (model: Uint8Array) => async (): Promise<Uint8Array> => model;
