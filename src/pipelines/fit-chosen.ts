import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { StepContext, Steps } from "../engine/engine.ts";
import type { WeighInput } from "../evaluation/weigh-columns.ts";
import type { FitOutcome, FittedFile } from "../training/fit.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import { isCommand, isRemote } from "./command-trainer.ts";
import type { Platform } from "./platform.ts";
import { type MadeByProgram, runCommand } from "./run-command.ts";
import { runElsewhere } from "./run-elsewhere.ts";
import { takeElsewhere } from "./take-elsewhere.ts";

/** Rows that are learned from, and judged or served. */
type Part = "train" | "all";

/**
 * The chosen candidate, fitted: in a compute thread, by its program here, or by its program elsewhere, which takes steps of its own before
 * the step `fit`. What is judged and what is served are as `fit` says.
 */
export async function fitChosen(
  deps: Parameters<typeof runCommand>[0] & Pick<Platform, "compute" | "jobs">,
  input: {
    readonly steps: Steps;
    readonly spec: TrainingSpec;
    readonly data: Pick<DatasetVersion, "data"> & {
      readonly schema?: DatasetVersion["schema"] | undefined;
    };
    readonly candidate: Candidate;
  },
): Promise<FitOutcome> {
  const { steps, spec, candidate } = input;
  const data = { data: input.data.data, schema: input.data.schema! };
  const one = { spec, candidate, data };
  if (!isRemote(candidate))
    return steps.step("fit", (step) => {
      if (!isCommand(candidate))
        return deps.compute.run<FitOutcome>("fit", { ...one, data: data.data }, step);
      return asOutcome(deps, { ...one, step }, (part) => runCommand(deps, { ...one, part, step }));
    });
  const parts: readonly Part[] = spec.split === "time" ? ["train", "all"] : ["train"];
  const asked = parts.map((part) => ({ ...one, part, name: `fit on ${part} rows` }));
  const ends = await runElsewhere(deps, { steps, asked });
  return steps.step("fit", (step) =>
    asOutcome(deps, { ...one, step }, (part) =>
      takeElsewhere(deps, { ...one, ...ends[parts.indexOf(part)]! }),
    ),
  );
}

async function asOutcome(
  deps: Pick<Platform, "compute" | "clock">,
  input: {
    readonly spec: TrainingSpec;
    readonly data: Pick<DatasetVersion, "data">;
    readonly step: StepContext;
  },
  made: (part: Part) => Promise<MadeByProgram>,
): Promise<FitOutcome> {
  const { spec, data, step } = input;
  let seconds = 0;
  let ranWith: FitOutcome["ranWith"];
  const learn = async (part: Part): Promise<FittedFile> => {
    const { onnx, imported, rows, about, ...took } = await made(part);
    const { signature, notes } = imported;
    ranWith = { ...about };
    seconds += took.seconds;
    return { onnx, signature, complexity: 0, summary: { notes: [...notes] }, trainedRows: rows };
  };
  const judged = await learn("train");
  const served = spec.split === "time" ? await learn("all") : judged;
  const { onnx, signature } = judged;
  const weigh: WeighInput = { spec, data: data.data, onnx, signature };
  const importance = await deps.compute.run<FitOutcome["importance"]>("weigh", weigh, step);
  return { judged, served, importance, ranWith, seconds };
}
