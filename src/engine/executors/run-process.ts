import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { MillwrightError } from "../../errors.ts";
import type { Abort } from "../../lib/abort.ts";

const LOOK_MS = 100;
const TAIL_LINES = 20;
const MOST_OF_A_LINE = 2000;
/** After this it is killed that was asked to end. */
const TERM_MS = 5000;

/**
 * Stands between us and the program: when our end of its input closes, because this process has died, everything that the
 * program started is killed. A program in a group of its own would live on.
 */
const GUARD = `
const { spawn } = require("node:child_process");
const [command, ...args] = process.argv.slice(1);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });
const kill = (signal) => { try { process.kill(-child.pid, signal); } catch {} };
child.on("error", (error) => { console.error(["ENOENT", "EACCES"].includes(error.code) ? "There is no program " + command + " that may be run here." : error.message); process.exit(127); });
child.on("exit", (code, signal) => { kill("SIGKILL"); process.exit(signal ? 128 : code); });
process.on("SIGTERM", () => { kill("SIGTERM"); setTimeout(() => kill("SIGKILL"), ${TERM_MS}).unref(); });
process.stdin.on("end", () => kill("SIGKILL")).on("error", () => kill("SIGKILL")).resume();
`;

export interface ProcessEnd {
  readonly code: number;
  /** The last lines of what it wrote. */
  readonly tail: string;
}

/** Runs a command to its end. Throws `cancelled`, and `invalid_config` when it takes too long; then nothing of it is left. */
export async function runProcess(request: {
  readonly command: readonly string[];
  readonly folder: string;
  readonly variables: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: Abort;
  /** Each line, of both outputs. */
  onLine?(line: string): void;
}): Promise<ProcessEnd> {
  const { command, folder, variables, signal, timeoutMs } = request;
  const child = spawn(process.execPath, ["-e", GUARD, ...command], {
    ...{ cwd: folder, env: variables, stdio: ["pipe", "pipe", "pipe"] },
  });
  // It may be gone before we let go of it.
  child.stdin.on("error", () => undefined);
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on("line", (line) => {
      const shown = line.slice(0, MOST_OF_A_LINE);
      lines.push(shown);
      if (lines.length > TAIL_LINES) lines.shift();
      if (shown.trim() !== "") request.onLine?.(shown);
    });
  let why: "cancelled" | "timeout" | undefined;
  const end = (reason: "cancelled" | "timeout"): void => {
    if (why !== undefined) return;
    why = reason;
    child.kill("SIGTERM");
  };
  const looks = setInterval(() => signal.aborted && end("cancelled"), LOOK_MS);
  const limit = setTimeout(() => end("timeout"), timeoutMs);
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit, killed) => resolve(exit ?? (killed ? 128 : 1)));
  }).finally(() => {
    clearInterval(looks);
    clearTimeout(limit);
    child.stdin.end();
  });
  const tail = lines.join("\n");
  const name = command.join(" ");
  if (why === "cancelled") throw new MillwrightError("cancelled", `'${name}' was cancelled.`);
  if (why === "timeout")
    // Not `timeout`: it would take as long when it is tried again.
    throw new MillwrightError(
      "invalid_config",
      `'${name}' took longer than ${timeoutMs / 1000} s and was ended. Give it more time (timeout), or fewer rows. Its last words:\n${tail}`,
    );
  return { code, tail };
}
