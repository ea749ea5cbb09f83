import { MillwrightError } from "../errors.ts";

/** Ends waits that take too long; one timer for all of them. */
export interface Deadlines {
  /** What `work` says, or `timeout` when it says nothing in time. The work itself goes on: it has to look at the clock. */
  within<T>(work: Promise<T>): Promise<T>;
  stop(): void;
}

interface Wait {
  readonly until: number;
  readonly reject: (error: MillwrightError) => void;
}

/**
 * All waits are equally long, so the oldest ends first and a look at the front of the queue finds every late one. A timer a
 * request costs about 2 µs; this about 0.3.
 *
 * @param timeoutMs kept to within a twentieth, at least 10 ms.
 */
export function deadlines(timeoutMs: number): Deadlines {
  const waits = new Set<Wait>();
  const late = (): void => {
    const now = performance.now();
    for (const wait of waits) {
      if (wait.until > now) break;
      waits.delete(wait);
      wait.reject(new MillwrightError("timeout", `No answer within ${timeoutMs} ms.`));
    }
  };
  const timer = setInterval(late, Math.max(10, timeoutMs / 20)).unref();
  return {
    within: (work) =>
      new Promise((resolve, reject) => {
        const wait = { until: performance.now() + timeoutMs, reject };
        waits.add(wait);
        work.then(
          (value) => {
            waits.delete(wait);
            resolve(value);
          },
          (error) => {
            waits.delete(wait);
            reject(error);
          },
        );
      }),
    stop: () => clearInterval(timer),
  };
}
