import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 20;

/**
 * Leaving in order: no step begins any more, those in flight end. Of each run in this process it knows how many steps are in flight and
 * whether it would begin one.
 */
export function drain() {
  const inFlight = new Map<string, number>();
  const halted = new Set<string>();
  let draining = false;

  return {
    /** False: the step must not begin, here. */
    begins(runId: string): boolean {
      if (draining) {
        halted.add(runId);
        return false;
      }
      inFlight.set(runId, (inFlight.get(runId) ?? 0) + 1);
      return true;
    },
    ends(runId: string): void {
      inFlight.set(runId, (inFlight.get(runId) ?? 1) - 1);
    },
    /** Its body returned. */
    forget(runId: string): void {
      inFlight.delete(runId);
      halted.delete(runId);
    },
    /** Returns when no step of these runs is in flight and none of them would go on, or after `limitMs`. */
    async wait(runs: () => readonly string[], limitMs: number): Promise<void> {
      draining = true;
      const moving = (id: string) => (inFlight.get(id) ?? 0) > 0 || !halted.has(id);
      for (let left = limitMs; left > 0 && runs().some(moving); left -= LOOK_MS)
        await sleep(LOOK_MS);
    },
  };
}

export type Drain = ReturnType<typeof drain>;
