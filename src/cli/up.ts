import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import pc from "picocolors";
import type { Config } from "../config.ts";
import { type Supervised, supervise } from "../engine/supervise.ts";
import { MillwrightError } from "../errors.ts";
import { processAlive } from "../storage/sql/process-alive.ts";
import type { CliContext, CommandOf, GlobalOptions } from "./command.ts";

export const up: CommandOf = (program, context) => {
  program
    .command("up")
    .summary("start everything in this folder: database, control with console, worker, gateway")
    .action(async (_, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const config = context.config(global);
      const open = await context.open(global, "no");
      try {
        terminal.progress("starting control, worker and gateway");
        const running = await startAll(context, global, config);
        const urls = await running.ready;
        terminal.done();
        terminal.say(`${pc.bold("Millwright is up")}  ${pc.dim(config.project)}`);
        terminal.say(`  console   ${pc.cyan(urls.control ?? "")}`);
        terminal.say(`  gateway   ${pc.cyan(urls.gateway ?? "")}`);
        terminal.say(pc.dim("  logs      millwright logs · stop with Ctrl-C"));
        terminal.result(urls);
        await new Promise<void>((resolve) => {
          for (const signal of ["SIGTERM", "SIGINT"] as const)
            process.once(signal, () => resolve());
        });
        terminal.note("stopping");
        await running.stop();
      } finally {
        await open.close();
      }
    });
};

/** Starts all parts under a supervisor, one per folder. Throws `conflict` when another `up` runs there. */
export async function startAll(
  context: Pick<CliContext, "entry" | "log">,
  options: GlobalOptions,
  config: Config,
): Promise<Supervised> {
  const unlock = lock(join(config.dataDir, "up.pid"));
  const project = ["--project", config.project];
  const running = supervise({
    entry: context.entry,
    parts: ["control", "worker", "gateway"].map((name) => ({
      name,
      args: ["start", name, ...project],
    })),
    logDir: join(config.dataDir, "logs"),
    log: context.log(options),
  });
  try {
    await running.ready;
  } catch (error) {
    await running.stop();
    unlock();
    throw error;
  }
  return {
    ready: running.ready,
    async stop() {
      await running.stop();
      unlock();
    },
  };
}

/** A file with our pid; left behind by a killed process it is taken over. */
function lock(file: string): () => void {
  mkdirSync(join(file, ".."), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = openSync(file, "wx", 0o644);
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (cause) {
      const pid = Number(readFileSync(file, "utf8"));
      if (attempt > 0 || (pid > 0 && processAlive(pid)))
        throw new MillwrightError(
          "conflict",
          `Millwright is up in this folder already (process ${pid}). Look at it with \`millwright status\`; to restart, stop that process first.`,
          { cause },
        );
      rmSync(file, { force: true });
    }
  }
}
