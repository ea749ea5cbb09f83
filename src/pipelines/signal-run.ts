import { MillwrightError } from "../errors.ts";
import { plainJson } from "../lib/plain-json.ts";
import type { Platform } from "./platform.ts";

const MOST_PAYLOAD = 2 ** 18;

/**
 * Tells a run what it waits for (`run.waitFor`), now or later. @returns whether it waits for that at this moment. Throws `not_found`,
 * `conflict` for a run that is over, `invalid_input` for what cannot be told.
 */
export async function signalRun(
  { engine }: Pick<Platform, "engine">,
  {
    run,
    topic,
    payload,
  }: { readonly run: string; readonly topic: string; readonly payload: unknown },
): Promise<{ readonly waits: boolean }> {
  const found = await engine.get(run);
  if (!found)
    throw new MillwrightError("not_found", `There is no run ${run}. See: millwright runs`);
  if (!/^[^\p{C}]{1,100}$/u.test(topic))
    throw new MillwrightError(
      "invalid_input",
      `topic: ${JSON.stringify(topic.slice(0, 120))}: write 1 to 100 characters that can be printed.`,
    );
  const given = plainJson(payload, "payload", MOST_PAYLOAD);
  const wait = `wait for ${topic}`;
  const steps = await engine.steps(run);
  await engine.signal(run, topic, given);
  return { waits: steps.some(({ name, state }) => name === wait && state === "waiting") };
}
