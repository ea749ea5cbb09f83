/** Says when a queue is so long that further callers are better sent away at once. */
export interface Overload {
  /** A call begins after it waited so long. */
  begun(waitedMs: number, now: number): void;
  /** The queue is empty. */
  idle(): void;
  /** How long the latest call waited, when callers should be sent away; undefined when they are welcome. */
  shedding(now: number): number | undefined;
}

/**
 * After CoDel (Nichols and Jacobson, "Controlling Queue Delay", ACM Queue 2012): a short queue may come and go (a burst), a
 * standing one only adds waiting. When every call of the last `forMs` has waited longer than `targetMs`, newcomers are refused
 * until one waits less again. Those inside are answered; a closed door keeps answers fast where an open one makes all of them late.
 */
export function overload(options: { readonly targetMs: number; readonly forMs: number }): Overload {
  let aboveSince: number | undefined;
  let waited = 0;
  return {
    begun(waitedMs, now) {
      waited = waitedMs;
      if (waitedMs <= options.targetMs) aboveSince = undefined;
      else aboveSince ??= now;
    },
    idle() {
      aboveSince = undefined;
    },
    shedding: (now) =>
      aboveSince !== undefined && now - aboveSince >= options.forMs ? waited : undefined,
  };
}
