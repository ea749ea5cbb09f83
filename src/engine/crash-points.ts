import { readFileSync, unlinkSync } from "node:fs";
import { armCrashPoints } from "../lib/crash-point.ts";

/**
 * Arms `crashPoint()` from `MILLWRIGHT_CRASH_AT`: this process kills itself (SIGKILL, nothing is flushed) at the named point.
 *
 *     <name>[:n]   the n-th time it is passed (default the first); its successor does so, too
 *     @<file>      when the file holds the point's name: of all processes and successors only one, since it takes the file away
 *
 * Without the variable nothing happens. Names used by the engine: `before-journal` (the step's body returned, its result is not
 * recorded yet) and `after-journal`, each also as `before-journal/<step name>`. Verbs have their own, such as `fit:written`.
 */
export function armCrashPointsFromEnvironment(): void {
  const wanted = process.env.MILLWRIGHT_CRASH_AT;
  if (!wanted) return;
  armCrashPoints(wanted.startsWith("@") ? byFile(wanted.slice(1)) : byCount(wanted));
}

const die = (): boolean => process.kill(process.pid, "SIGKILL");

function byCount(wanted: string): (passed: string) => void {
  const digits = /:(\d+)$/.exec(wanted);
  const name = digits ? wanted.slice(0, digits.index) : wanted;
  let left = Number(digits?.[1] ?? 1);
  return (passed) => {
    if (passed !== name) return;
    left -= 1;
    if (left === 0) die();
  };
}

function byFile(file: string): (passed: string) => void {
  return (passed) => {
    try {
      if (readFileSync(file, "utf8") !== passed) return;
      unlinkSync(file);
    } catch {
      return;
    }
    die();
  };
}
