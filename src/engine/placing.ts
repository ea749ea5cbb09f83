import { MillwrightError } from "../errors.ts";
import type { Pipeline, Placing, Resources } from "./engine.ts";
import type { Registered } from "./registered.ts";

export const DEFAULT_QUEUE = "default";
const MOST_URGENT = 100;

export interface Placed {
  readonly queue: string;
  readonly priority: number;
  readonly share: string;
  readonly needs: Resources;
}

/** Where a run waits, checked: what is said first counts. Throws `invalid_input`. */
export function placed(...said: readonly Placing[]): Placed {
  const first = <K extends keyof Placing>(key: K): Placing[K] | undefined =>
    said.find((placing) => placing[key] !== undefined)?.[key];
  const queue = first("queue") ?? DEFAULT_QUEUE;
  const priority = first("priority") ?? 0;
  checkQueueName(queue);
  if (!Number.isInteger(priority) || Math.abs(priority) > MOST_URGENT)
    throw new MillwrightError(
      "invalid_input",
      `Priority ${priority}: a whole number from -${MOST_URGENT} to ${MOST_URGENT} is needed, higher ones go first.`,
    );
  const needs = { ...{ cpu: 0, memory: 0, gpu: 0 }, ...first("needs") };
  for (const [name, amount] of Object.entries(needs))
    if (!(amount >= 0) || !Number.isFinite(amount))
      throw new MillwrightError(
        "invalid_input",
        `needs.${name} is ${amount}: a number of at least 0 is needed.`,
      );
  return { queue, priority, share: first("share") ?? "", needs };
}

export function checkQueueName(queue: string): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(queue))
    throw new MillwrightError(
      "invalid_input",
      `Queue '${queue}': a name of up to 63 small letters, digits, '-', '_' and '.' is needed.`,
    );
}

export function knownPipeline(
  pipelines: Pick<Registered, "get" | "names">,
  name: string,
): Pipeline {
  const pipeline = pipelines.get(name);
  if (pipeline) return pipeline;
  throw new MillwrightError(
    "not_found",
    `There is no pipeline '${name}'. Known: ${pipelines.names().join(", ")}.`,
  );
}
