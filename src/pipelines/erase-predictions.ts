import type { Erased } from "../serving/log/erase-key.ts";
import type { Platform } from "./platform.ts";

/**
 * Erases all predictions about one entity of a model, and says so in the event log, without naming it. Not a pipeline: the input of
 * a run is kept, and would name it. The audit comes first: should the process die in between, more was announced than was done.
 */
export async function erasePredictions(
  deps: Pick<Platform, "predictions" | "announce" | "clock">,
  input: {
    readonly model: string;
    readonly key: string;
    readonly reason: string;
    /** `control`, `command line`. */
    readonly by: string;
  },
): Promise<Erased> {
  const { model, key, reason, by } = input;
  const at = deps.clock.now();
  await deps.announce("predictions.erasing", model, { reason, by }, at);
  const erased = await deps.predictions.erase({ model, key, at });
  const { keyDigest, predictions } = erased;
  await deps.announce("predictions.erased", model, { keyDigest, predictions, reason, by }, at);
  return erased;
}
