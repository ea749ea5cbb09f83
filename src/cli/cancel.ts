import { MillwrightError } from "../errors.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";

export const cancel: CommandOf = (program, context) => {
  program
    .command("cancel")
    .argument("<run>", "id of a run, as `runs` shows it")
    .action(async (id: string, _: unknown, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const open = await context.open(global, "no");
      try {
        const { engine } = open.platform;
        const run = await engine.get(id);
        if (!run)
          throw new MillwrightError("not_found", `There is no run ${id}. See: millwright runs`);
        if (run.finishedAt !== undefined)
          throw new MillwrightError(
            "conflict",
            `Run ${id} is over (${run.state}); there is nothing to cancel.`,
          );
        await engine.cancel(id);
        terminal.say(`Run ${id} is cancelled. What its finished steps made is kept.`);
        terminal.result({ run: id, state: "cancelled" });
      } finally {
        await open.close();
      }
    });
};
