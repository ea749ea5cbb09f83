import { MillwrightError } from "../../errors.ts";
import type { OpenTeam, TeamMember } from "../compute.ts";
import type { TeamRequest } from "./protocol.ts";

/**
 * N threads in lock-step over one shared control block. Member 0 (the caller) writes the operation, raises SEQ and wakes the
 * others; each runs its share, raises DONE and wakes member 0. A short spin before sleeping keeps a round at a few
 * microseconds when every member has a core, and costs little when not.
 */
const SEQ = 0;
const OP = 1;
const DONE = 2;
/** 0, or 1 + the index of a member that failed; its words follow the slots. */
const FAILED = 3;
const CLOSED = 4;
const TEXT_BYTES = 5;
/** Members whose threads are gone. Counted apart: a thread may die at any moment, also between two rounds. */
const GONE = 6;
const SLOTS_BYTES = 64;
const TEXT_LIMIT = 4096;
const SPINS = 2000;
const SLEEP_MS = 1000;

const slotsOf = (control: SharedArrayBuffer) => new Int32Array(control, 0, SLOTS_BYTES / 4);

/** `openTeam` for a compute thread; `request` asks the main thread to put other threads at the team's disposal. */
export function teamOpener(
  members: Readonly<Record<string, TeamMember>>,
  request: (request: TeamRequest) => void,
): OpenTeam {
  return (member, size, init) => {
    const own = memberOf(members, member)(init as never, 0, size);
    if (size <= 1) return { size: 1, broadcast: own, close() {} };
    const control = new SharedArrayBuffer(SLOTS_BYTES + TEXT_LIMIT);
    const slots = slotsOf(control);
    request({ member, size, init, control });

    /** Also when a member failed: nobody may still be writing when the caller goes on. */
    const untilAllDone = (): void => {
      for (let spins = 0; ; ) {
        const done = Atomics.load(slots, DONE);
        if (done + Atomics.load(slots, GONE) >= size - 1) return;
        if (++spins > SPINS) Atomics.wait(slots, DONE, done, SLEEP_MS);
      }
    };
    const assertWhole = (): void => {
      const failed = Atomics.load(slots, FAILED);
      if (failed !== 0)
        throw new MillwrightError(
          "internal",
          `Thread ${failed - 1} of ${size} of team '${member}' failed: ${wordsOf(control)}`,
        );
    };
    return {
      size,
      broadcast(op) {
        if (Atomics.load(slots, CLOSED) !== 0)
          throw new MillwrightError("internal", `Team '${member}' is closed.`);
        assertWhole();
        Atomics.store(slots, OP, op);
        Atomics.store(slots, DONE, 0);
        Atomics.add(slots, SEQ, 1);
        Atomics.notify(slots, SEQ);
        try {
          own(op);
        } finally {
          untilAllDone();
        }
        assertWhole();
      },
      close: () => closeTeam(control),
    };
  };
}

const memberOf = (members: Readonly<Record<string, TeamMember>>, name: string): TeamMember => {
  const member = Object.hasOwn(members, name) ? members[name] : undefined;
  if (member) return member;
  throw new MillwrightError(
    "internal",
    `There is no team member '${name}' in this build (known: ${Object.keys(members).join(", ")}).`,
  );
};

/** Serves as one member until the team is closed. Blocks its thread. */
export function serveTeam(
  members: Readonly<Record<string, TeamMember>>,
  { member, index, size, init, control }: TeamRequest & { index: number },
): void {
  const slots = slotsOf(control);
  let run: (op: number) => void;
  try {
    run = memberOf(members, member)(init as never, index, size);
  } catch (error) {
    // Reported by the first operation: until then member 0 counts nobody as done.
    run = () => {
      throw error;
    };
  }
  // Not read from the block: an operation begun before this thread was ready is still to be done.
  for (let seq = 0; ; seq++) {
    for (let spins = 0; Atomics.load(slots, SEQ) === seq; )
      if (++spins > SPINS) Atomics.wait(slots, SEQ, seq, SLEEP_MS);
    if (Atomics.load(slots, CLOSED) !== 0) return;
    try {
      run(Atomics.load(slots, OP));
    } catch (error) {
      recordFailure(control, index, error instanceof Error ? error.message : String(error));
    }
    Atomics.add(slots, DONE, 1);
    Atomics.notify(slots, DONE);
  }
}

/** Keeps the first failure. */
function recordFailure(control: SharedArrayBuffer, index: number, message: string): void {
  const slots = slotsOf(control);
  if (Atomics.compareExchange(slots, FAILED, 0, index + 1) !== 0) return;
  const bytes = new TextEncoder().encode(message).subarray(0, TEXT_LIMIT);
  new Uint8Array(control, SLOTS_BYTES).set(bytes);
  Atomics.store(slots, TEXT_BYTES, bytes.length);
}

/** The main thread tells that a member's thread is gone: `broadcast` throws instead of waiting for it. */
export function memberGone(control: SharedArrayBuffer, index: number, why: string): void {
  recordFailure(control, index, `its thread ended: ${why}`);
  const slots = slotsOf(control);
  Atomics.add(slots, GONE, 1);
  Atomics.notify(slots, DONE);
}

export function closeTeam(control: SharedArrayBuffer): void {
  const slots = slotsOf(control);
  if (Atomics.exchange(slots, CLOSED, 1) !== 0) return;
  Atomics.add(slots, SEQ, 1);
  Atomics.notify(slots, SEQ);
}

function wordsOf(control: SharedArrayBuffer): string {
  const length = Atomics.load(slotsOf(control), TEXT_BYTES);
  // TextDecoder refuses shared memory.
  return new TextDecoder().decode(new Uint8Array(control, SLOTS_BYTES, length).slice());
}
