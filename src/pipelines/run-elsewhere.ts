import type { Steps } from "../engine/engine.ts";
import type { JobEnd } from "../engine/jobs.ts";
import { MillwrightError } from "../errors.ts";
import { prepareElsewhere } from "./prepare-elsewhere.ts";
import type { CommandInput } from "./run-command.ts";

/**
 * Programs elsewhere, all at once: a step each that writes down what it needs, then a step each that waits for it, in which the run takes
 * no place of its worker. Steps are asked for in the same order at every replay. A place that cannot be had is an end like a failure.
 */
export async function runElsewhere(
  deps: Parameters<typeof prepareElsewhere>[0],
  input: {
    readonly steps: Steps;
    readonly asked: readonly (Omit<CommandInput, "step"> & { readonly name: string })[];
  },
): Promise<{ readonly end: JobEnd; readonly rows: number }[]> {
  const { steps, asked } = input;
  const run = steps.runId;
  const nameOf = (name: string) => `${name}: elsewhere`;
  const rows: number[] = [];
  for (const one of asked)
    rows.push(
      await steps.step(`${one.name}: rows`, (step) =>
        prepareElsewhere(deps, { ...one, run, step, name: nameOf(one.name) }),
      ),
    );
  const ends = await Promise.allSettled(
    asked.map(({ name }) =>
      steps.step(nameOf(name), (step) => deps.jobs.run({ run, step: nameOf(name) }, step), {
        waits: true,
      }),
    ),
  );
  return ends.map((end, i) => ({ end: endOf(end), rows: rows[i]! }));
}

function endOf(settled: PromiseSettledResult<JobEnd>): JobEnd {
  if (settled.status === "fulfilled") return settled.value;
  const { reason } = settled;
  if (reason instanceof MillwrightError && reason.code !== "cancelled")
    return { failed: reason.message };
  throw reason;
}
