import type { Log } from "../lib/log.ts";
import { wordsOf } from "../lib/words-of.ts";
import type { Metrics } from "../serving/metrics.ts";
import type { ShadowInput } from "../serving/shadow.ts";

/** Rows whose shadow may wait; beyond, the shadow skips rows (counted) rather than slow the champion. */
const MAX_SHADOW_ROWS = 20_000;

/** Shadow runs happen one request at a time, behind the answers. */
export function shadowQueue(
  run: (input: ShadowInput) => Promise<{ logged: number; unreadable: number }>,
  { counters, log }: { counters: Metrics; log: Log },
) {
  let last: Promise<void> = Promise.resolve();
  let rows = 0;
  const since: number[] = [];
  const one = async (input: ShadowInput): Promise<void> => {
    try {
      const { logged, unreadable } = await run(input);
      counters.count("shadow_predictions", logged);
      counters.count("shadow_failures", unreadable);
    } catch (error) {
      counters.count("shadow_failures", input.records.length);
      log.warn("shadow failed", { version: input.version.number, why: wordsOf(error) });
    } finally {
      rows -= input.records.length;
      since.shift();
    }
  };
  return {
    queuedRows: () => rows,
    /** How long the oldest has been waiting, or being answered, in milliseconds. */
    lagMs: () => (since[0] === undefined ? undefined : performance.now() - since[0]),
    drained: () => last,
    add(input: ShadowInput): void {
      if (rows + input.records.length > MAX_SHADOW_ROWS && rows > 0) {
        counters.count("shadow_skipped", input.records.length);
        return;
      }
      rows += input.records.length;
      since.push(performance.now());
      last = last
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => one(input));
    },
  };
}
