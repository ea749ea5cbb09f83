/** One measurement: wrk against a server, and what the server's processes used meanwhile. Linux only (/proc). */
import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("post.lua", import.meta.url));

/**
 * @returns requests a second, milliseconds (p50, p99), CPU microseconds of the server a request, memory in MB, answers that
 * were not 2xx or 3xx, and connections that broke.
 */
export async function load({ url, bodies, connections, seconds, pid }) {
  const before = cpuOf(pid);
  const { stdout } = await run("wrk", [
    "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "20s", "-s", SCRIPT, url, "--", bodies,
  ]);
  const after = cpuOf(pid);
  const said = JSON.parse(stdout.trim().split("\n").at(-1));
  const cpu = after - before;
  return {
    rps: said.requests / said.seconds,
    p50: said.p50,
    p99: said.p99,
    cpuMicros: (cpu * 1e6) / Math.max(1, said.requests),
    memoryMb: memoryOf(pid),
    bad: said.bad,
    broken: said.broken,
  };
}

export function needsWrk() {
  try {
    execFileSync("wrk", ["-v"], { stdio: "ignore" });
  } catch (error) {
    if (error.code === "ENOENT")
      throw new Error("The load generator wrk is missing: apt-get install --no-install-recommends wrk");
  }
}

/** A process with everything it started. */
export function treeOf(pid) {
  const children = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statOf(name)?.[1];
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), name]);
  }
  const all = [];
  for (const next = [String(pid)]; next.length > 0; ) {
    const one = next.pop();
    all.push(one);
    next.push(...(children.get(one) ?? []));
  }
  return all;
}

/** Fields after the name: 0 state, 1 parent, 11 user ticks, 12 system ticks. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

const TICKS = 100;
/** Seconds of CPU that a process and everything it started have used. */
export const cpuOf = (pid) =>
  treeOf(pid).reduce((sum, one) => {
    const stat = statOf(one);
    return sum + (stat === undefined ? 0 : (Number(stat[11]) + Number(stat[12])) / TICKS);
  }, 0);

/** Proportional set size: memory shared by several processes counts once. */
export const memoryOf = (pid) =>
  treeOf(pid).reduce((sum, one) => {
    try {
      const rollup = readFileSync(`/proc/${one}/smaps_rollup`, "latin1");
      return sum + Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
    } catch {
      return sum;
    }
  }, 0);
