import type { Pipeline } from "../engine/engine.ts";
import { durationMs } from "../lib/duration.ts";
import type { Tidied } from "../serving/log/tidy-log.ts";
import type { Platform } from "./platform.ts";
import type { ProjectDefinition } from "./project.ts";

/** Looks after the prediction log, every hour: what may not be kept any longer goes, small files become large ones. */
export const tidyLog = (
  platform: Pick<Platform, "predictions" | "project" | "clock" | "log">,
): Pipeline<Record<string, never>, Tidied> => ({
  name: "tidy-log",
  run: (steps) =>
    steps.step("tidy", async () => {
      const now = platform.clock.now();
      const { definition } = await platform.project();
      const tidied = await platform.predictions.tidy({
        now,
        keepSince: keepSince(definition, now),
      });
      if (tidied.unmatched > 0)
        platform.log.warn("feedback has come for predictions that are not in the log", {
          count: tidied.unmatched,
        });
      return tidied;
    }),
});

/** By model: what arrived before (milliseconds since 1970) has to go. Models that keep everything are left out. */
export function keepSince(project: ProjectDefinition, now: number): Map<string, number> {
  const since = new Map<string, number>();
  for (const [model, { log }] of Object.entries(project.models)) {
    const keep = log?.keep ?? project.log?.keep;
    const ms = keep === undefined || keep === "forever" ? undefined : durationMs(keep);
    if (ms !== undefined) since.set(model, now - ms);
  }
  return since;
}
