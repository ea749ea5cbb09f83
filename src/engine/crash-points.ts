import { armCrashPoints } from "../lib/crash-point.ts";

/**
 * Arms `crashPoint()` from `MILLWRIGHT_CRASH_AT=<name>[:n]`: this process kills itself (SIGKILL, nothing is flushed) the n-th
 * time (default first) the named point is passed. Without the variable nothing happens.
 *
 * Names used by the engine: `before-journal` (the step's body returned, its result is not recorded yet) and `after-journal`,
 * each also as `before-journal/<step name>`.
 */
export function armCrashPointsFromEnvironment(): void {
  const wanted = process.env.MILLWRIGHT_CRASH_AT;
  if (!wanted) return;
  const colon = wanted.lastIndexOf(":");
  const name = colon < 0 ? wanted : wanted.slice(0, colon);
  let left = colon < 0 ? 1 : Number(wanted.slice(colon + 1));
  armCrashPoints((passed) => {
    if (passed !== name) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  });
}
