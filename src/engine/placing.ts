import { MillwrightError } from "../errors.ts";
import type { Pipeline, Placing } from "./engine.ts";

export const DEFAULT_QUEUE = "default";
const MOST_URGENT = 100;

/** Where a run waits, checked. Throws `invalid_input`. */
export function placed({ queue = DEFAULT_QUEUE, priority = 0 }: Placing): Required<Placing> {
  checkQueueName(queue);
  if (!Number.isInteger(priority) || Math.abs(priority) > MOST_URGENT)
    throw new MillwrightError(
      "invalid_input",
      `Priority ${priority}: a whole number from -${MOST_URGENT} to ${MOST_URGENT} is needed, higher ones go first.`,
    );
  return { queue, priority };
}

export function checkQueueName(queue: string): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(queue))
    throw new MillwrightError(
      "invalid_input",
      `Queue '${queue}': a name of up to 63 small letters, digits, '-', '_' and '.' is needed.`,
    );
}

export function knownPipeline(pipelines: ReadonlyMap<string, Pipeline>, name: string): void {
  if (!pipelines.has(name))
    throw new MillwrightError(
      "not_found",
      `There is no pipeline '${name}'. Known: ${[...pipelines.keys()].join(", ")}.`,
    );
}
