import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { StepContext } from "../engine/engine.ts";
import type { ProgramAbout } from "../engine/programs.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { RowsPart, WriteRowsInput } from "../training/write-rows.ts";
import { commandOf, labelOf, programOf, taskText, timeoutOf } from "./command-trainer.ts";
import type { Platform } from "./platform.ts";
import { metricsIn } from "./program-metrics.ts";
import { takeModel } from "./take-model.ts";
import type { Fitting } from "./try-on-dataset.ts";

/** What the program finds in its folder, and what it leaves there. */
export const ROWS = "rows.parquet";
export const TASK = "task.json";
export const MODEL = "model.onnx";
export const METRICS = "metrics.json";
export const MAX_MODEL_BYTES = 1024 ** 3;
export const MAX_METRICS_BYTES = 2 ** 20;

export interface CommandInput {
  readonly candidate: Candidate;
  readonly spec: TrainingSpec;
  readonly data: Pick<DatasetVersion, "data" | "schema">;
  readonly part: RowsPart;
  readonly step: StepContext;
}

/** What a program made, wherever it ran. */
export type MadeByProgram = Fitting & {
  readonly rows: number;
  readonly seconds: number;
  readonly about: ProgramAbout;
  /** What it says of its model, by name. */
  readonly metrics: Readonly<Record<string, number>>;
};

/**
 * Has a program of this machine learn from rows: writes them down, runs it, and takes the ONNX file it leaves. Throws `invalid_model`
 * in words for the program's author.
 */
export async function runCommand(
  deps: Pick<Platform, "programs" | "compute" | "project" | "runtime" | "blobs" | "clock">,
  { candidate, spec, data, part, step }: CommandInput,
): Promise<MadeByProgram> {
  const command = commandOf(candidate);
  const { folder } = await deps.project();
  const work = await deps.programs.workspace();
  try {
    const to = `${work.path}/${ROWS}`;
    const request: WriteRowsInput = { spec, data: data.data, part, to };
    const rows = await deps.compute.run<number>("rows", request, step);
    await work.write(TASK, taskText(spec, command, rows));
    const began = deps.clock.now();
    const about = await deps.programs.run(programOf(command, folder), {
      ...{ signal: step.signal, timeoutMs: timeoutOf(command) },
      progress: (line) => step.progress(`${candidate.id}: ${line}`),
      variables: {
        ...{ MILLWRIGHT_ROWS: to, MILLWRIGHT_TASK: `${work.path}/${TASK}` },
        ...{ MILLWRIGHT_MODEL: `${work.path}/${MODEL}` },
        MILLWRIGHT_METRICS: `${work.path}/${METRICS}`,
        ...(await deps.programs.tracking(work.path)),
        MLFLOW_EXPERIMENT_NAME: spec.model,
      },
    });
    const seconds = (deps.clock.now() - began) / 1000;
    const bytes = await work.read(MODEL, MAX_MODEL_BYTES);
    const metrics = metricsIn(await work.read(METRICS, MAX_METRICS_BYTES));
    const label = labelOf(command);
    const taken = await takeModel(deps, { bytes, spec, data, label, file: MODEL });
    return { ...taken, rows, seconds, about, metrics };
  } finally {
    await work.discard();
  }
}
