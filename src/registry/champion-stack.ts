import type { Digest } from "../lib/digest.ts";
import type { AliasMove } from "./alias-move.ts";

/**
 * The champions that could be gone back to, the present one first. A promotion puts one on top; a move to the one below the
 * top is a rollback and takes the top away, so that two rollbacks go back two versions and not to and fro.
 * @param moves of the alias `champion`, newest first.
 */
export function championStack(moves: readonly AliasMove[]): Digest[] {
  const stack: Digest[] = [];
  for (const { version } of [...moves].reverse()) {
    if (version === undefined) stack.length = 0;
    else if (version === stack[1]) stack.shift();
    else if (version !== stack[0]) stack.unshift(version);
  }
  return stack;
}
