import { spawn } from "node:child_process";
import { copyFile, mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hostIdentity, processStart } from "../host.ts";
import type { Programs } from "../programs.ts";
import type { JobLook, Place } from "./place.ts";

export interface ProcessHost {
  /** A folder for each job is in it. */
  readonly folder: string;
  /** The project's: where programs run here. */
  project(): Promise<string>;
  /** Command and variables of a program that is run here. */
  readonly programs: Pick<Programs, "prepared">;
}

/** A guard that has not said so after this never began. */
const BEGIN_MS = 15_000;
const TERM_MS = 5000;
const MOST_AT_ONCE = 2 ** 20;
const STARTED = "started.json";
const ENDED = "ended.json";
const LOG = "log.txt";
/** The group of what the program started; it may outlive a guard that was killed. */
const CHILD = "group";
const ABOUT = "about.json";

/**
 * Outlives the worker. Of two guards of one job the first to make `started.json` is it. What it says at the end replaces the file as a
 * whole, so that it is there or not.
 */
const GUARD = `
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const [, timeout, start] = process.argv;
const { command, folder } = JSON.parse(start);
const say = (end) => { fs.writeFileSync("ended.part", JSON.stringify(end)); fs.renameSync("ended.part", "${ENDED}"); process.exit(); };
let own = "";
try { own = fs.readFileSync("/proc/self/stat", "utf8").split(") ").pop().split(" ")[19]; } catch {}
try { fs.writeFileSync("${STARTED}", JSON.stringify({ pid: process.pid, start: own, at: Date.now() }), { flag: "wx", flush: true }); } catch { process.exit(); }
const log = fs.openSync("${LOG}", "a");
const child = spawn(command[0], command.slice(1), { cwd: folder, stdio: ["ignore", log, log], detached: true });
const began = Date.now();
if (child.pid) fs.writeFileSync("${CHILD}", String(child.pid));
const about = () => { try { const known = JSON.parse(fs.readFileSync("${ABOUT}", "utf8")); fs.writeFileSync("${ABOUT}", JSON.stringify({ ...known, seconds: (Date.now() - began) / 1000 })); } catch {} };
const kill = (signal) => { try { process.kill(-child.pid, signal); } catch {} };
let why;
const end = (reason) => { why ??= reason; kill("SIGTERM"); setTimeout(() => kill("SIGKILL"), ${TERM_MS}); };
child.on("error", (error) => say({ code: 127, why: ["ENOENT", "EACCES"].includes(error.code) ? "there is no program " + command[0] + " that may be run here" : error.message }));
child.on("exit", (code, signal) => { kill("SIGKILL"); about(); say({ code: code ?? 128, why: why ?? (signal ? "it was ended by " + signal : undefined) }); });
process.on("SIGTERM", () => end("cancelled"));
setTimeout(() => end("it took longer than " + timeout / 1000 + " s"), Number(timeout));
`;

interface Started {
  readonly pid: number;
  readonly start: string;
}

/** Processes of this machine, in groups of their own. Another machine does not see them: what ran on one that is gone is lost. */
export function processPlace(host: ProcessHost): Place {
  const folderOf = (id: string) => join(host.folder, id);
  const told = async <T>(id: string, name: string): Promise<T | undefined> => {
    const text = await readFile(join(folderOf(id), name), "utf8").catch(() => undefined);
    // What makes the file may be in the middle of writing it.
    return text === undefined || text === "" ? undefined : JSON.parse(text);
  };
  const alive = ({ pid, start }: Started) => {
    const found = processStart(pid);
    return found !== undefined && (found === "" || found === start);
  };
  const killGroup = async (id: string): Promise<void> => {
    const group = await told<number>(id, CHILD);
    if (group !== undefined) kill(-group, "SIGKILL");
  };

  return {
    async submit(id, { work, local }) {
      const folder = folderOf(id);
      await mkdir(folder, { recursive: true });
      for (const { name, digest } of work.files) {
        if (name.startsWith("project/")) continue;
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await copyFile(await local(digest), join(folder, name));
      }
      const project = await host.project();
      const { requirements, python, command } = work.program;
      const program = { folder: project, command, requirements, python };
      const { variables, about } = await host.programs.prepared(program, {
        signal: { aborted: false },
        progress: () => undefined,
      });
      await writeFile(join(folder, ABOUT), JSON.stringify(about));
      await writeFile(join(folder, "host"), hostIdentity());
      const start = JSON.stringify({ command, folder: project });
      const guard = spawn(process.execPath, ["-e", GUARD, String(work.timeoutMs), start], {
        ...{ cwd: folder, stdio: "ignore", detached: true },
        env: {
          ...variables,
          MILLWRIGHT_ROWS: join(folder, "rows.parquet"),
          MILLWRIGHT_TASK: join(folder, "task.json"),
          MILLWRIGHT_MODEL: join(folder, "model.onnx"),
          MILLWRIGHT_METRICS: join(folder, "metrics.json"),
        },
      });
      guard.unref();
    },
    async look(id, mark): Promise<JobLook | undefined> {
      const folder = folderOf(id);
      const began = await stat(join(folder, "host")).catch(() => undefined);
      if (began === undefined) return undefined;
      const started = await told<Started>(id, STARTED);
      const lives = started !== undefined && alive(started);
      // In this order: it may end between the two.
      const ended = await told<{ code: number; why?: string }>(id, ENDED);
      const log = await read(join(folder, LOG), Number(mark || 0), ended !== undefined);
      if (ended !== undefined) return { ...stateOf(ended), ...log };
      if (lives) return { state: "running", ...log };
      if (started === undefined && Date.now() - began.mtimeMs < BEGIN_MS)
        return { state: "waiting", words: "it begins", ...log };
      await killGroup(id);
      return { state: "lost", words: "its process is gone, and nobody saw it end", ...log };
    },
    async cancel(id) {
      const started = await told<Started>(id, STARTED);
      if (started === undefined || (await told(id, ENDED)) !== undefined) return;
      if (!alive(started)) return killGroup(id);
      const { pid } = started;
      kill(pid, "SIGTERM");
      for (let waited = 0; waited < 2 * TERM_MS && alive(started); waited += 50) await sleep(50);
      if (alive(started)) kill(pid, "SIGKILL");
      await killGroup(id);
    },
    async collect(id, name) {
      const path = join(folderOf(id), name);
      return (await stat(path).catch(() => undefined))?.isFile() ? path : undefined;
    },
    forget: (id) => rm(folderOf(id), { recursive: true, force: true }),
  };
}

function kill(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

function stateOf({ code, why }: { code: number; why?: string }): Pick<JobLook, "state" | "words"> {
  if (why === "cancelled") return { state: "stopped" };
  if (why !== undefined) return { state: "failed", words: why };
  return code === 0
    ? { state: "succeeded" }
    : { state: "failed", words: `it ended with code ${code}` };
}

/** Whole lines from there on; what follows the last, and no more than the end of it all, when it is over. */
async function read(path: string, mark: number, over: boolean) {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return { lines: [], mark: String(mark) };
  try {
    const from = over ? Math.max(mark, (await file.stat()).size - MOST_AT_ONCE) : mark;
    const { bytesRead, buffer } = await file.read(
      Buffer.alloc(MOST_AT_ONCE),
      0,
      MOST_AT_ONCE,
      from,
    );
    const all = buffer.subarray(0, bytesRead);
    const last = all.lastIndexOf(10) + 1;
    const end = over || (last === 0 && bytesRead === MOST_AT_ONCE) ? bytesRead : last;
    if (end === 0) return { lines: [], mark: String(from) };
    const lines = all.subarray(0, end).toString("utf8").replace(/\n$/, "").split("\n");
    return { lines, mark: String(from + end) };
  } finally {
    await file.close();
  }
}
