import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { StepContext } from "../engine/engine.ts";
import type { ProgramAbout } from "../engine/programs.ts";
import { MillwrightError } from "../errors.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { RowsPart, WriteRowsInput } from "../training/write-rows.ts";
import { commandOf, programOf, timeoutOf } from "./command-trainer.ts";
import type { ModelFiles } from "./fetch-logged-model.ts";
import type { Platform } from "./platform.ts";
import { type Fitting, tryOnDataset } from "./try-on-dataset.ts";

/** What the program finds in its folder, and what it leaves there. */
const ROWS = "rows.parquet";
const TASK = "task.json";
const MODEL = "model.onnx";
const MAX_MODEL_BYTES = 1024 ** 3;

export interface CommandInput {
  readonly candidate: Candidate;
  readonly spec: TrainingSpec;
  readonly data: Pick<DatasetVersion, "data" | "schema">;
  readonly part: RowsPart;
  readonly step: StepContext;
}

/**
 * Has a program learn from rows: writes them down, runs it, takes the ONNX file it leaves, imports it in the words of the project
 * and runs it on made-up values. Throws `invalid_model` in words for the program's author.
 */
export async function runCommand(
  deps: Pick<Platform, "programs" | "compute" | "project" | "runtime" | "blobs" | "clock">,
  { candidate, spec, data, part, step }: CommandInput,
): Promise<
  Fitting & { readonly rows: number; readonly seconds: number; readonly about: ProgramAbout }
> {
  const command = commandOf(candidate);
  const { folder } = await deps.project();
  const work = await deps.programs.workspace();
  try {
    const to = `${work.path}/${ROWS}`;
    const request: WriteRowsInput = { spec, data: data.data, part, to };
    const rows = await deps.compute.run<number>("rows", request, step);
    const { task, target, classes, columns, metric, seed } = spec;
    const params = command.params ?? {};
    const asked = { task, target, classes, columns, metric, seed, rows, params };
    await work.write(TASK, `${JSON.stringify(asked, undefined, 2)}\n`);
    const began = deps.clock.now();
    const about = await deps.programs.run(programOf(command, folder), {
      ...{ signal: step.signal, timeoutMs: timeoutOf(command) },
      progress: (line) => step.progress(`${candidate.id}: ${line}`),
      variables: {
        ...{ MILLWRIGHT_ROWS: to, MILLWRIGHT_TASK: `${work.path}/${TASK}` },
        MILLWRIGHT_MODEL: `${work.path}/${MODEL}`,
        ...(await deps.programs.tracking(work.path)),
        MLFLOW_EXPERIMENT_NAME: spec.model,
      },
    });
    const seconds = (deps.clock.now() - began) / 1000;
    const bytes = await work.read(MODEL, MAX_MODEL_BYTES);
    if (bytes === undefined)
      throw new MillwrightError(
        "invalid_model",
        `'${command.run.join(" ")}' ended well and left no model. It has to write an ONNX file to the path in the variable MILLWRIGHT_MODEL.`,
      );
    const onnx = await deps.blobs.put(bytes);
    const take = (wishes: ModelFiles["wishes"]) => {
      const files = { file: MODEL, onnx, external: {}, wishes };
      return tryOnDataset(deps, { files, plan: { spec }, data });
    };
    const own = await take({});
    // Its own names for the classes count; where they are not ours, its scores are in the order of the task.
    const tried =
      "misfit" in own && classes.length > 0 ? await take({ classes: [...classes] }) : own;
    if ("broken" in tried) throw new MillwrightError("invalid_model", tried.broken);
    if ("misfit" in tried)
      throw new MillwrightError("invalid_model", `Its model does not fit: ${tried.misfit}`);
    return { ...tried, rows, seconds, about };
  } finally {
    await work.discard();
  }
}
