/** Shipping on a machine where nobody else does it. */
import { type ChildProcess, fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { journalSpace } from "../storage/journal/space.ts";
import { journalRoot } from "./prediction-log.ts";

export interface ShipAloneOptions {
  readonly dataDir: string;
  /** The program and the arguments that make it a shipper for this data folder. */
  readonly entry: string;
  readonly args: readonly string[];
  readonly log: Log;
  /** A closed segment that lies longer than this is nobody's business so far: control ships every 5 s. 90 s when left out. */
  readonly lateMs?: number;
  readonly everyMs?: number;
  readonly clock: Clock;
  /** Of the shipper, as of `os.setPriority`. Low when left out. */
  readonly priority?: number;
}

/**
 * Control ships the journals of its own machine. A gateway elsewhere looks whether anybody does, and when nobody does, it has a
 * shipper: a child process of low priority, so that reading, compressing and writing never slow an answer. It ends with this process.
 */
export function shipAlone(options: ShipAloneOptions): { stop(): void } {
  const { dataDir, lateMs = 90_000, everyMs = 15_000, log } = options;
  const { priority = constants.priority.PRIORITY_LOW } = options;
  let child: ChildProcess | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    const { oldestAt } = await journalSpace(journalRoot(dataDir));
    const now = options.clock.now();
    if (stopped || child !== undefined || oldestAt === undefined || now - oldestAt < lateMs) return;
    log.info("nobody ships the prediction log of this machine: starting a shipper");
    const started = fork(options.entry, options.args, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child = started;
    started.once("exit", (code, signal) => {
      if (child !== started) return;
      child = undefined;
      log.warn("the shipper ended; it is started again when it is needed", { code, signal });
    });
    started.on("error", (error) => log.warn("the shipper failed", { why: error.message }));
    try {
      if (started.pid !== undefined) setPriority(started.pid, priority);
    } catch {
      // Not ours to change: it ships at normal priority.
    }
  };
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      stopped = true;
      const ended = child;
      child = undefined;
      ended?.disconnect();
    },
  };
}
