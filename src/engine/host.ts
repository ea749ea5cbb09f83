import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
};

/**
 * Names the place where pids mean something: this machine since its boot, in this container. Two processes with the same
 * value may ask the kernel about each other; with different values only heartbeats tell.
 */
export function hostIdentity(): string {
  let namespace = "";
  try {
    namespace = readlinkSync("/proc/self/ns/pid");
  } catch {
    // macOS, Windows: no namespaces.
  }
  return [hostname(), read("/proc/sys/kernel/random/boot_id"), namespace].join("/");
}

/**
 * Tells two processes with the same pid apart: Linux's start time in clock ticks since boot. "" where the system does not say;
 * undefined when there is no such process (a zombie counts as none).
 */
export function processStart(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
  }
  if (process.platform !== "linux") return "";
  const stat = read(`/proc/${pid}/stat`);
  // The command's name, in parentheses, may hold blanks: fields count from after it. proc(5): state is 3, starttime is 22.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" || fields[0] === "Z" ? undefined : fields[19];
}
