import { readFileSync } from "node:fs";

/** True while the process runs. A zombie (exited, not yet reaped: containers without an init keep them) counts as gone. */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    // No /proc (macOS, Windows), or gone since.
    return process.platform !== "linux";
  }
}
