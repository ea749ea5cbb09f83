import type { Json } from "../lib/json.ts";
import type { Platform } from "../pipelines/platform.ts";
import type { Terminal } from "./terminal.ts";

/** Shows a run's progress until it is over; throws its error when it fails. */
export async function followRun(
  platform: Pick<Platform, "engine">,
  terminal: Terminal,
  runId: string,
): Promise<Json> {
  try {
    return await platform.engine.wait(runId, (run) => {
      const { progress, state } = run;
      if (state === "queued") terminal.progress("waiting for a worker");
      else if (progress)
        terminal.progress(
          [progress.step, progress.message].filter(Boolean).join(": "),
          progress.fraction,
        );
    });
  } finally {
    terminal.done();
  }
}
