import { cancel } from "./cancel.ts";
import type { CommandOf } from "./command.ts";
import { compare } from "./compare.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { explain } from "./explain.ts";
import { family } from "./family.ts";
import { gc } from "./gc.ts";
import { importCommand } from "./import.ts";
import { init } from "./init.ts";
import { leaderboard } from "./leaderboard.ts";
import { logs } from "./logs.ts";
import { predict } from "./predict.ts";
import { predictions } from "./predictions.ts";
import { promote, rollback } from "./promote.ts";
import { reproduce } from "./reproduce.ts";
import { route } from "./route.ts";
import { run } from "./run.ts";
import { runs } from "./runs.ts";
import { score } from "./score.ts";
import { show } from "./show.ts";
import { signal } from "./signal.ts";
import { split } from "./split.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { train } from "./train.ts";
import { up } from "./up.ts";

/** Every command, in the order of `millwright --help`. */
export const COMMANDS: readonly CommandOf[] = [
  init,
  up,
  train,
  importCommand,
  leaderboard,
  family,
  predict,
  explain,
  score,
  split,
  promote,
  rollback,
  route,
  run,
  signal,
  status,
  runs,
  compare,
  reproduce,
  cancel,
  predictions,
  show,
  logs,
  doctor,
  gc,
  demo,
  start,
];
