import type { JobEnd } from "../engine/jobs.ts";
import type { ProgramAbout } from "../engine/programs.ts";
import { MillwrightError } from "../errors.ts";
import { utf8Text } from "../lib/utf8.ts";
import { commandOf, labelOf } from "./command-trainer.ts";
import type { Platform } from "./platform.ts";
import { metricsIn } from "./program-metrics.ts";
import {
  type CommandInput,
  MAX_METRICS_BYTES,
  MAX_MODEL_BYTES,
  type MadeByProgram,
  METRICS,
  MODEL,
} from "./run-command.ts";
import { takeModel } from "./take-model.ts";

/** Takes what a program elsewhere left, as if it had run here. Throws `invalid_model` when it failed. */
export async function takeElsewhere(
  deps: Pick<Platform, "compute" | "project" | "runtime" | "blobs" | "jobs">,
  input: Pick<CommandInput, "candidate" | "spec" | "data"> & {
    readonly end: JobEnd;
    readonly rows: number;
  },
): Promise<MadeByProgram> {
  const { candidate, spec, data, end, rows } = input;
  if ("failed" in end) throw new MillwrightError("invalid_model", end.failed);
  const label = labelOf(commandOf(candidate));
  const bytes = await deps.jobs.read(end, MODEL, MAX_MODEL_BYTES);
  const taken = await takeModel(deps, { bytes, spec, data, label, file: MODEL });
  const metrics = metricsIn(await deps.jobs.read(end, METRICS, MAX_METRICS_BYTES));
  const told = await deps.jobs.read(end, "about.json", MAX_METRICS_BYTES);
  type Told = Partial<ProgramAbout> & { readonly seconds?: number };
  const { seconds = 0, interpreter, packages = [] }: Told = told ? JSON.parse(utf8Text(told)) : {};
  const about = { packages, ...(interpreter === undefined ? {} : { interpreter }) };
  return { ...taken, rows, seconds, about, metrics };
}
