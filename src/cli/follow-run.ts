import { setTimeout as pause } from "node:timers/promises";
import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { Platform } from "../pipelines/platform.ts";
import { stopSignal } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";

const LOOK_MS = 2000;
/** Looks without any worker until nobody is waited for: long enough for one that is started again. */
const PATIENCE = 15;

/**
 * Shows a run's progress until it is over; throws its error when it fails, `cancelled` when a person leaves it (it goes on
 * where a worker is), `unavailable` when nobody is left to execute it.
 */
export async function followRun(
  { engine }: Pick<Platform, "engine">,
  terminal: Terminal,
  runId: string,
): Promise<Json> {
  const over = new AbortController();
  try {
    return await Promise.race([
      engine.wait<Json>(runId, (run) => {
        const { progress, state } = run;
        if (state === "queued") terminal.progress("waiting for a worker");
        else if (progress)
          terminal.progress(
            [progress.step, progress.message].filter(Boolean).join(": "),
            progress.fraction,
          );
      }),
      left(runId),
      withoutWorker(engine, terminal, runId, over.signal),
    ]);
  } finally {
    over.abort();
    terminal.done();
  }
}

/** Whether somebody takes from the queue in which the run is. */
const takenBy = async (engine: Platform["engine"], runId: string): Promise<boolean> =>
  engine.hasWorker((await engine.get(runId))?.queue);

async function left(runId: string): Promise<never> {
  await stopSignal();
  throw new MillwrightError(
    "cancelled",
    `Left. Run ${runId} is kept and goes on with the next worker: millwright up, or the next millwright train.`,
  );
}

async function withoutWorker(
  engine: Platform["engine"],
  terminal: Terminal,
  runId: string,
  signal: AbortSignal,
): Promise<never> {
  for (let missed = 0; missed < PATIENCE; ) {
    await pause(LOOK_MS, undefined, { signal });
    // A database that is away says nothing about workers.
    const working = await takenBy(engine, runId).catch(() => true);
    missed = working ? 0 : missed + 1;
    if (missed > 1) terminal.progress("no worker is left; waiting for another one");
  }
  throw new MillwrightError(
    "unavailable",
    `The worker that executed run ${runId} is gone and no other has come. The run is kept and goes on with the next worker: millwright up, or the next millwright train.`,
  );
}
