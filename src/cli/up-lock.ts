import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { processStart } from "../engine/host.ts";
import { MillwrightError } from "../errors.ts";

/**
 * One `millwright up` a folder: a file with its process number and, so that another program that got the same number later is
 * not taken for it, when that process started. Throws `conflict` while its owner lives; left behind by a killed one it is taken
 * over. Returns what gives it back.
 */
export function takeUpLock(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  writeFileSync(own, `${process.pid}\n${processStart(process.pid) ?? ""}\n`);
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        // The file appears with its content, or not at all.
        linkSync(own, file);
        return () => rmSync(file, { force: true });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
        const pid = upLockOwner(file);
        if (pid !== undefined || attempt > 3)
          throw new MillwrightError(
            "conflict",
            `Millwright is up in this folder already (process ${pid ?? "unknown"}). Look at it with \`millwright status\`; to restart, stop that process first.`,
            { cause },
          );
        removeStale(file, own);
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** The living process that holds the lock. */
export function upLockOwner(file: string): number | undefined {
  const [pid = "", start = ""] = textOf(file).split("\n");
  const now = pid === "" ? undefined : processStart(Number(pid));
  return now === undefined || (start !== "" && now !== start) ? undefined : Number(pid);
}

/** Renaming is atomic: of two takers one gets the stale file. Should it be a new owner's by now, it is put back. */
function removeStale(file: string, own: string): void {
  const away = `${own}.stale`;
  try {
    renameSync(file, away);
    if (upLockOwner(away) !== undefined) linkSync(away, file);
  } catch {
    // The other one was faster.
  }
  rmSync(away, { force: true });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
