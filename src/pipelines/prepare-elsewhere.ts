import type { JobFile } from "../engine/remote/place.ts";
import type { WriteRowsInput } from "../training/write-rows.ts";
import { commandOf, programOf, remoteOf, taskText, timeoutOf } from "./command-trainer.ts";
import { keepProgramFiles } from "./keep-program-files.ts";
import type { Platform } from "./platform.ts";
import { startWithinOf } from "./remote-run.ts";
import { type CommandInput, ROWS, TASK } from "./run-command.ts";

/** Writes down what a program elsewhere learns from, and all that goes with it. @returns how many rows. */
export async function prepareElsewhere(
  deps: Pick<Platform, "programs" | "compute" | "project" | "jobs">,
  input: CommandInput & {
    readonly run: string;
    /** The step that waits for it. */
    readonly name: string;
  },
): Promise<number> {
  const { candidate, spec, data, part, step, run, name } = input;
  const { jobs } = deps;
  const command = commandOf(candidate);
  const remote = remoteOf(command)!;
  const { folder } = await deps.project();
  const program = programOf(command, folder);
  const work = await deps.programs.workspace();
  try {
    const to = `${work.path}/${ROWS}`;
    const request: WriteRowsInput = { spec, data: data.data, part, to };
    const rows = await deps.compute.run<number>("rows", request, step);
    const files: JobFile[] = [
      { name: ROWS, ...(await jobs.keep({ path: to })) },
      { name: TASK, ...(await jobs.keep(taskText(spec, command, rows))) },
      ...(await keepProgramFiles(deps, program)),
    ];
    const { requirements, python, label } = program;
    await jobs.prepare({
      ...{ run, step: name, place: remote.elsewhere },
      work: {
        program: { command: program.command, label: label!, requirements, python },
        ...{ files, timeoutMs: timeoutOf(command), startWithinMs: startWithinOf(remote) },
      },
    });
    return rows;
  } finally {
    await work.discard();
  }
}
