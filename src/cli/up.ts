import { join } from "node:path";
import pc from "picocolors";
import type { Config } from "../config.ts";
import { type Supervised, supervise } from "../engine/supervise.ts";
import { MillwrightError } from "../errors.ts";
import type { CliContext, CommandOf, GlobalOptions } from "./command.ts";
import { stopSignal } from "./stop-signal.ts";
import { takeUpLock } from "./up-lock.ts";

export const up: CommandOf = (program, context) => {
  program
    .command("up")
    .summary("start everything in this folder: database, control with console, worker, gateway")
    .option("--processes <n>", "gateway processes behind one port")
    .action(async (given: { processes?: string }, command) => {
      if (given.processes !== undefined) process.env.MILLWRIGHT_GATEWAY_PROCESSES = given.processes;
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const config = context.config(global);
      const stopped = stopSignal();
      const open = await context.open(global, "no");
      try {
        terminal.progress("starting control, worker and gateway");
        const running = await startAll(context, global, config, stopped);
        const urls = await running.ready;
        terminal.done();
        terminal.say(`${pc.bold("Millwright is up")}  ${pc.dim(config.project)}`);
        terminal.say(`  console   ${pc.cyan(urls.control ?? "")}`);
        terminal.say(`  gateway   ${pc.cyan(urls.gateway ?? "")}`);
        terminal.say(pc.dim("  logs      millwright logs · stop with Ctrl-C"));
        terminal.result(urls);
        await stopped;
        terminal.note("stopping");
        await running.stop();
      } finally {
        await open.close();
      }
    });
};

/**
 * Starts all parts under a supervisor, one per folder. Throws `conflict` when another `up` runs there, `cancelled` when it is
 * stopped before all parts are ready.
 */
export async function startAll(
  context: Pick<CliContext, "entry" | "log">,
  options: GlobalOptions,
  config: Config,
  stopped?: Promise<void>,
): Promise<Supervised> {
  const unlock = takeUpLock(join(config.dataDir, "up.pid"));
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
    const refused = stopped?.then(() => {
      throw new MillwrightError("cancelled", "Stopped before all parts were ready.");
    });
    await (refused ? Promise.race([running.ready, refused]) : running.ready);
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
