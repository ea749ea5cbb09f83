import { MillwrightError } from "../../errors.ts";

/**
 * Calls that arrive while a statement is under way share the next one, so the price of a round trip and of a commit is divided by
 * the load, and any number of callers needs a few connections. No timer: an idle lane writes at the end of the event loop's turn.
 *
 *   waiting → in a group → written (its own verdict)
 *      ↑          ├── collided (dead-lock, lost connection): the same group again, so `write` must be safe to repeat
 *      │          └── failed: each of its calls on its own, so that only the guilty ones fail
 *      └── not admitted: the next group of its lane
 */
export interface GroupCommit<Call, Verdict> {
  /** Resolves when the call is committed, or refused by a verdict. Rejects with `overloaded` when too many wait. */
  submit(call: Call): Promise<Verdict>;
  /** Calls not yet answered. */
  readonly waiting: number;
}

export interface GroupCommitOptions<Call, Verdict> {
  /** As many statements at once as there are lanes; calls that could wait for each other's locks must be in one lane. */
  readonly lanes: number;
  /** Any integer ≥ 0. */
  laneOf(call: Call): number;
  /** A group of one or more calls in one transaction; verdicts in their order. Throws when nothing was kept. */
  write(calls: readonly Call[]): Promise<readonly Verdict[]>;
  /** Asked in order for each call that would join a group; the first always may. */
  newGroup(): { admits(call: Call): boolean };
  /** Resolves when the event loop has looked at what else has come in (Node's `setImmediate`). */
  endOfTurn(): Promise<void>;
  /** More calls than that waiting are sent away. */
  readonly maxWaiting: number;
  /** Whether the group may be written again as it was. */
  isPassing(error: unknown): boolean;
}

interface Waiting<Call, Verdict> {
  readonly call: Call;
  resolve(verdict: Verdict): void;
  reject(error: unknown): void;
}

/** A dead-lock or a lost connection may happen again at once, but hardly so often; nor does a caller wait much longer. */
const TRIES = 6;
const PATIENCE_MS = 20_000;

export function groupCommit<Call, Verdict>(
  options: GroupCommitOptions<Call, Verdict>,
): GroupCommit<Call, Verdict> {
  type Entry = Waiting<Call, Verdict>;
  const lanes = Array.from({ length: options.lanes }, () => ({
    queue: [] as Entry[],
    isRunning: false,
  }));
  let waiting = 0;

  const takeGroup = (queue: Entry[]): { group: Entry[]; rest: Entry[] } => {
    const admission = options.newGroup();
    const group: Entry[] = [];
    const rest: Entry[] = [];
    for (const entry of queue)
      (admission.admits(entry.call) || group.length === 0 ? group : rest).push(entry);
    return { group, rest };
  };

  const written = async (calls: readonly Call[]): Promise<readonly Verdict[]> => {
    const until = Date.now() + PATIENCE_MS;
    for (let attempt = 1; ; attempt++)
      try {
        return await options.write(calls);
      } catch (error) {
        if (attempt === TRIES || Date.now() > until || !options.isPassing(error)) throw error;
      }
  };

  const answer = async (group: readonly Entry[]): Promise<void> => {
    try {
      const verdicts = await written(group.map(({ call }) => call));
      for (const [i, entry] of group.entries()) entry.resolve(verdicts[i]!);
    } catch (error) {
      if (group.length === 1 || options.isPassing(error))
        for (const entry of group) entry.reject(error);
      else for (const entry of group) await answer([entry]);
    }
  };

  const run = async (lane: (typeof lanes)[number]): Promise<void> => {
    lane.isRunning = true;
    await options.endOfTurn();
    while (lane.queue.length > 0) {
      const { group, rest } = takeGroup(lane.queue);
      lane.queue = rest;
      await answer(group);
      waiting -= group.length;
    }
    lane.isRunning = false;
  };

  return {
    get waiting() {
      return waiting;
    },
    submit: (call) =>
      new Promise((resolve, reject) => {
        if (waiting >= options.maxWaiting) {
          reject(
            new MillwrightError("overloaded", "The database does not keep up; try again later."),
          );
          return;
        }
        waiting++;
        const lane = lanes[options.laneOf(call) % lanes.length]!;
        lane.queue.push({ call, resolve, reject });
        if (!lane.isRunning) void run(lane);
      }),
  };
}
