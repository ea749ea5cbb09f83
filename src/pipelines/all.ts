import type { Pipeline } from "../engine/engine.ts";
import { adoptVersion } from "./adopt-version.ts";
import { familyChunk } from "./family-chunk.ts";
import { judge } from "./judge.ts";
import type { Platform } from "./platform.ts";
import { reproduce } from "./reproduce.ts";
import { reproduceMember } from "./reproduce-member.ts";
import { runProgram } from "./run-program.ts";
import { score, scoreHelp } from "./score.ts";
import { tidyLog } from "./tidy-log.ts";
import { train } from "./train.ts";
import { trainFamily } from "./train-family.ts";
import { userPipeline } from "./user-pipeline.ts";
import { watch } from "./watch.ts";
import { watchFamily } from "./watch-family.ts";

/** Every pipeline. People start `train`; the rest starts by itself, see below. */
export const PIPELINES: readonly ((platform: Platform) => Pipeline)[] = [
  train,
  trainFamily,
  familyChunk,
  adoptVersion,
  watch,
  watchFamily,
  judge,
  score,
  scoreHelp,
  reproduce,
  reproduceMember,
  tidyLog,
  runProgram,
];

/** And those that people write: one for each name, made when it is asked for. */
export const pipelineNamed =
  (platform: Platform) =>
  (name: string): Pipeline =>
    userPipeline(platform, name);
