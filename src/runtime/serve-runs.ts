import { parentPort } from "node:worker_threads";
import { MillwrightError } from "../errors.ts";
import type { FromRunThread, ToRunThread } from "./run-threads.ts";
import type { Runtime, Session } from "./runtime.ts";

/** In a thread: opens models and runs them, one request after the other, until the thread is ended. */
export function serveRuns(runtime: Runtime): void {
  const port = parentPort;
  if (port === null) throw new Error("serveRuns works in worker threads only");
  const sessions = new Map<number, Session>();
  const answer = async (message: ToRunThread): Promise<FromRunThread> => {
    const { id, model } = message;
    try {
      if ("open" in message) {
        sessions.set(model, await runtime.load(message.open));
        return { id };
      }
      if ("run" in message) return { id, outputs: await sessions.get(model)!.run(message.run) };
      await sessions.get(model)?.close();
      sessions.delete(model);
      return { id };
    } catch (error) {
      const known = error instanceof MillwrightError;
      const text = error instanceof Error ? error.message : String(error);
      return { id, failed: { code: known ? error.code : "internal", message: text } };
    }
  };
  let last: Promise<void> = Promise.resolve();
  port.on("message", (message: ToRunThread) => {
    // Without its port the thread has nothing to wait for.
    if ("end" in message) void last.then(() => port.close());
    else last = last.then(async () => port.postMessage(await answer(message)));
  });
}
