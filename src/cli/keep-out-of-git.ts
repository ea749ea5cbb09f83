import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Adds `.millwright/` to .gitignore; false when it is there. */
export function keepOutOfGit(folder: string): boolean {
  const path = join(folder, ".gitignore");
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (/^\/?\.millwright\/?\s*$/m.test(before)) return false;
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  writeFileSync(path, `${before}${gap}.millwright/\n`);
  return true;
}
