import type { Program } from "../engine/programs.ts";
import type { JobFile } from "../engine/remote/place.ts";
import { MillwrightError } from "../errors.ts";
import type { Platform } from "./platform.ts";

const MAX_BYTES = 64 * 2 ** 20;

/** Keeps a program's own files for a job of it. Throws `invalid_config` when they are too large to go with every job. */
export async function keepProgramFiles(
  { programs, jobs }: Pick<Platform, "programs" | "jobs">,
  program: Program,
): Promise<JobFile[]> {
  const files: JobFile[] = [];
  let bytes = 0;
  for (const file of await programs.files(program)) {
    const kept = await jobs.keep({ path: file.path });
    bytes += kept.bytes;
    if (bytes > MAX_BYTES)
      throw new MillwrightError(
        "invalid_config",
        `The files of '${program.label}' have more than ${MAX_BYTES / 2 ** 20} MiB, the last of them ${file.name}. They go with every job: put what is large into the image, or where the program fetches it.`,
      );
    files.push({ name: `project/${file.name}`, ...kept });
  }
  return files;
}
