import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { StepContext } from "../engine/engine.ts";
import type { WeighInput } from "../evaluation/weigh-columns.ts";
import type { FitOutcome, FittedFile } from "../training/fit.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import { isCommand } from "./command-trainer.ts";
import type { Platform } from "./platform.ts";
import { runCommand } from "./run-command.ts";

/** The chosen candidate, fitted: in a compute thread, or by its program. What is judged and what is served are as `fit` says. */
export async function fitChosen(
  deps: Parameters<typeof runCommand>[0] & Pick<Platform, "compute">,
  input: {
    readonly spec: TrainingSpec;
    readonly data: Pick<DatasetVersion, "data"> & {
      readonly schema?: DatasetVersion["schema"] | undefined;
    };
    readonly candidate: Candidate;
    readonly step: StepContext;
  },
): Promise<FitOutcome> {
  const { spec, data, candidate, step } = input;
  if (!isCommand(candidate))
    return deps.compute.run<FitOutcome>("fit", { spec, data: data.data, candidate }, step);
  const began = deps.clock.now();
  const columns = { data: data.data, schema: data.schema! };
  let ranWith: FitOutcome["ranWith"];
  const learn = async (part: "train" | "all"): Promise<FittedFile> => {
    const made = await runCommand(deps, { ...input, data: columns, part });
    const { onnx, imported, rows } = made;
    const { signature, notes } = imported;
    ranWith = { ...made.about };
    return { onnx, signature, complexity: 0, summary: { notes: [...notes] }, trainedRows: rows };
  };
  const judged = await learn("train");
  const served = spec.split === "time" ? await learn("all") : judged;
  const { onnx, signature } = judged;
  const weigh: WeighInput = { spec, data: data.data, onnx, signature };
  const importance = await deps.compute.run<FitOutcome["importance"]>("weigh", weigh, step);
  return { judged, served, importance, ranWith, seconds: (deps.clock.now() - began) / 1000 };
}
