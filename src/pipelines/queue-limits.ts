import type { QueueLimits } from "../engine/choose-runs.ts";
import { durationMs } from "../lib/duration.ts";
import type { ProjectDefinition } from "./project.ts";

/** `queues` of the project, in the engine's words. */
export function queueLimits({
  queues = {},
}: Pick<ProjectDefinition, "queues">): Readonly<Record<string, QueueLimits>> {
  return Object.fromEntries(
    Object.entries(queues).map(([name, { rate, ...limits }]) => {
      const parsed = rate === undefined ? undefined : rateOf(rate);
      return [name, parsed ? { ...limits, rate: parsed } : limits];
    }),
  );
}

/** "100/minute", "10/s", "20/15m"; undefined when it is none of these. */
export function rateOf(text: string): { starts: number; periodMs: number } | undefined {
  const [, starts, period = ""] = /^([1-9]\d{0,6})\/(\w+)$/.exec(text) ?? [];
  const words: Readonly<Record<string, string>> = { second: "s", minute: "m", hour: "h" };
  const periodMs = durationMs(words[period] ?? period);
  return starts === undefined || !periodMs ? undefined : { starts: Number(starts), periodMs };
}
