import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Which process a journal directory belongs to, exact enough to survive pid reuse and reboots where /proc tells. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Clock ticks from boot to process start, and the boot; undefined where there is no /proc. */
  readonly started: string | undefined;
}

export const thisProcess = (): Owner => ({
  pid: process.pid,
  host: hostname(),
  started: startOf(process.pid),
});

/** False only when the process is certainly gone. Of other machines nothing is known: `undefined`. */
export function isAlive(owner: Owner): boolean | undefined {
  if (owner.host !== hostname()) return undefined;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (owner.started === undefined) return true;
  return startOf(owner.pid) === owner.started;
}

/** A zombie has ended: its files are nobody's. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return undefined;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
