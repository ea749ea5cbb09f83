import type { Log } from "../lib/log.ts";

/** Does it again and again, never twice at once; errors go to the log. Does not keep the process alive. */
export function regularly(
  { everyMs, what, log }: { readonly everyMs: number; readonly what: string; readonly log: Log },
  turn: () => Promise<unknown>,
): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= turn()
      .then(() => undefined)
      .catch((error: Error) => log.warn(`${what}: ${error.message}`))
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
