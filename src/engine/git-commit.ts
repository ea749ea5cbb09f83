import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What git says is checked out in a folder: 40 hex digits. undefined where there is no git, or no commit. */
export async function gitCommit(folder: string): Promise<string | undefined> {
  try {
    const { stdout } = await run("git", ["-C", folder, "rev-parse", "HEAD"], { timeout: 2000 });
    return /^[0-9a-f]{40,64}$/.exec(stdout.trim())?.[0];
  } catch {
    return undefined;
  }
}
