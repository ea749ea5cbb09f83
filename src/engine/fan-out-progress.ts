import { inWords } from "../lib/duration.ts";
import type { Progress } from "./progress.ts";

/** How many children of a fan-out are where. */
export interface Children {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly running: number;
  /** Queued, or waiting themselves. */
  readonly waiting: number;
  /** Of those that ran to their end, from the first to the last moment of work; undefined as long as none has. */
  readonly meanMs: number | undefined;
  /** What the only one is doing, where there is one. */
  readonly only?: (Progress & { readonly step: string }) | undefined;
}

export const overOf = (c: Children): number => c.succeeded + c.failed + c.cancelled;

/** Time left if as many go on running as do now, each as long as those before. undefined: nothing is known yet, or none runs. */
export function timeLeftMs(c: Children): number | undefined {
  if (c.meanMs === undefined || c.running === 0) return undefined;
  const left = c.running + c.waiting;
  // Of those that run, half of the time has passed on average.
  return (c.meanMs * (left - c.running / 2)) / c.running;
}

/** "1204 of 5000 (3 failed), 8 running, about 4 min left"; of an only child, what it is doing */
export function fanOutProgress(c: Children, of: number): Progress {
  if (of === 1 && overOf(c) === 0) {
    if (c.only === undefined)
      return { message: c.running > 0 ? "it begins" : "it waits", fraction: undefined };
    const { step, message, fraction } = c.only;
    return { message: [step, message].filter(Boolean).join(": "), fraction: fraction ?? undefined };
  }
  const over = overOf(c);
  const left = timeLeftMs(c);
  const lost = [
    c.failed > 0 ? `${c.failed} failed` : "",
    c.cancelled > 0 ? `${c.cancelled} cancelled` : "",
  ].filter(Boolean);
  const parts = [
    `${over} of ${of}${lost.length > 0 ? ` (${lost.join(", ")})` : ""}`,
    `${c.running} running`,
    ...(left === undefined || over === of ? [] : [`about ${inWords(left)} left`]),
  ];
  return { message: parts.join(", "), fraction: of === 0 ? 1 : over / of };
}
