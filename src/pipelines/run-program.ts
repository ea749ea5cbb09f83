import type { Pipeline, StepContext } from "../engine/engine.ts";
import type { JobEnd } from "../engine/jobs.ts";
import { MillwrightError } from "../errors.ts";
import { type Digest, digestOfJson } from "../lib/digest.ts";
import { utf8Text } from "../lib/utf8.ts";
import { type CommandTrainer, programOf, timeoutOf } from "./command-trainer.ts";
import { keepProgramFiles } from "./keep-program-files.ts";
import type { KeptFile, ProgramResult, ProgramStep } from "./pipeline.ts";
import type { Platform } from "./platform.ts";
import { metricsIn } from "./program-metrics.ts";
import { startWithinOf } from "./remote-run.ts";
import { MAX_METRICS_BYTES, MAX_MODEL_BYTES, METRICS, MODEL, TASK } from "./run-command.ts";

export interface RunProgramInput {
  readonly program: ProgramStep;
  /** Who asked, for the program and for people. */
  readonly of: { readonly pipeline: string; readonly run: string; readonly step: string };
  /** How old a result of the same program, files and params may be that answers; null: none does. */
  readonly cacheMs: number | null;
}

/**
 * A step of a person's pipeline that is a program elsewhere, as a run of its own: its files are kept, it is asked for and waited for without a
 * place of the worker, and what it left becomes blobs. Killed at any moment it goes on; cancelled with its parent it ends.
 */
export const runProgram = (platform: Platform): Pipeline<RunProgramInput, ProgramResult> => ({
  name: "run-program",
  async run(steps, input) {
    const run = steps.runId;
    const known = await steps.step("look for the same", () => lookFor(platform, input));
    if ("result" in known) return { ...known.result, cached: known.run };
    await steps.step("files", () => prepare(platform, input, run));
    const end = await steps.step("run", (step) => wait(platform, run, step), { waits: true });
    return steps.step("results", async () => {
      const result = await collect(platform, end);
      const { step } = input.of;
      if (known.key !== null)
        await platform.results.keep(known.key, { run, step, value: { ...result } as never });
      return result;
    });
  },
});

const asCommand = (program: ProgramStep): CommandTrainer => program;

async function lookFor(
  { programs, project, results }: Platform,
  { program, cacheMs }: RunProgramInput,
): Promise<
  { readonly key: Digest | null } | { readonly result: ProgramResult; readonly run: string }
> {
  if (cacheMs === null) return { key: null };
  const { folder } = await project();
  const sources = await programs.sources(programOf(asCommand(program), folder));
  const key = digestOfJson({ program, sources });
  const found = await results.find(key, cacheMs);
  return found ? { run: found.run, result: found.value as unknown as ProgramResult } : { key };
}

async function prepare(
  platform: Platform,
  { program: asked, of }: RunProgramInput,
  run: string,
): Promise<void> {
  const { jobs, project } = platform;
  const command = asCommand(asked);
  const program = programOf(command, (await project()).folder);
  const task = { ...of, params: asked.params ?? {} };
  const { requirements, python, label } = program;
  await jobs.prepare({
    ...{ run, step: "run", place: asked.run.elsewhere },
    work: {
      program: { command: program.command, label: label!, requirements, python },
      files: [
        { name: TASK, ...(await jobs.keep(`${JSON.stringify(task, undefined, 2)}\n`)) },
        ...(await keepProgramFiles(platform, program)),
      ],
      ...{ timeoutMs: timeoutOf(command), startWithinMs: startWithinOf(asked.run) },
    },
  });
}

const wait = ({ jobs }: Platform, run: string, step: StepContext): Promise<JobEnd> =>
  jobs.run({ run, step: "run" }, step);

/** Files of jobs go with their run: what is to stay becomes a blob of ours. */
async function collect({ jobs, blobs }: Platform, end: JobEnd): Promise<ProgramResult> {
  if ("failed" in end) throw new MillwrightError("invalid_model", end.failed);
  const files: Record<string, KeptFile> = {};
  const model = await jobs.read(end, MODEL, MAX_MODEL_BYTES);
  if (model) files[MODEL] = { digest: await blobs.put(model), bytes: model.length };
  const metrics = metricsIn(await jobs.read(end, METRICS, MAX_METRICS_BYTES));
  const told = await jobs.read(end, "about.json", MAX_METRICS_BYTES);
  const { seconds = 0 } = told ? (JSON.parse(utf8Text(told)) as { seconds?: number }) : {};
  return { files, metrics, seconds };
}
