import type { CommandOf } from "./command.ts";
import { promote, rollback } from "./promote.ts";
import { train } from "./train.ts";

/** Every command, in the order of `millwright --help`. */
export const COMMANDS: readonly CommandOf[] = [train, promote, rollback];
