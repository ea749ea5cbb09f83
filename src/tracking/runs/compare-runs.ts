import { MillwrightError } from "../../errors.ts";
import { type Comparison, comparison } from "./comparison.ts";
import type { TrackedRunStore } from "./store.ts";

/** More stand beside each other on no screen. */
const MOST = 20;

/** Throws `not_found` naming the run that is not there, `invalid_input` for fewer than two. */
export async function compareRuns(
  deps: { readonly runs: Pick<TrackedRunStore, "whole"> },
  input: { readonly runs: readonly string[]; readonly all: boolean },
): Promise<Comparison> {
  const ids = [...new Set(input.runs)];
  if (ids.length < 2 || ids.length > MOST)
    throw new MillwrightError(
      "invalid_input",
      `runs: ${ids.length} different runs were named; 2 to ${MOST} can be compared.`,
    );
  const found = await Promise.all(
    ids.map(async (id) => {
      const whole = await deps.runs.whole(id);
      if (whole) return whole;
      throw new MillwrightError(
        "not_found",
        `There is no tracked run ${id}. \`millwright runs\` lists ours; those of MLflow's clients have 32 hex digits.`,
      );
    }),
  );
  return comparison(found, input.all);
}
