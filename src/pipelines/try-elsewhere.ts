import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Steps } from "../engine/engine.ts";
import type { Trial } from "../training/race.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { Platform } from "./platform.ts";
import { runElsewhere } from "./run-elsewhere.ts";
import { takeElsewhere } from "./take-elsewhere.ts";
import { tryCommand } from "./try-command.ts";

/** One round of the race for programs that run elsewhere: side by side, since they take nothing of this machine. */
export async function tryElsewhere(
  deps: Parameters<typeof tryCommand>[0] & Pick<Platform, "jobs">,
  input: {
    readonly steps: Steps;
    readonly candidates: readonly Candidate[];
    readonly spec: TrainingSpec;
    readonly data: DatasetVersion;
    /** The round, as people call it. */
    readonly name: string;
    readonly fold: number;
    readonly folds: number;
    readonly maxRows: number;
  },
): Promise<Trial[]> {
  const { steps, candidates, spec, data, name, fold, folds, maxRows } = input;
  const part = { fold, folds, maxRows };
  const asked = candidates.map((candidate) => ({
    ...{ candidate, spec, data, part, name: `${name}: ${candidate.id}` },
  }));
  const ends = await runElsewhere(deps, { steps, asked });
  const trials: Trial[] = [];
  for (const [i, one] of asked.entries())
    trials.push(
      await steps.step(one.name, (step) =>
        tryCommand(deps, {
          ...{ ...one, ...part, step },
          take: () => takeElsewhere(deps, { ...one, ...ends[i]! }),
        }),
      ),
    );
  return trials;
}
