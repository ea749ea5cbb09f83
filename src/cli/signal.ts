import { signalRun } from "../pipelines/signal-run.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { jsonArgument } from "./json-argument.ts";

export const signal: CommandOf = (program, context) => {
  program
    .command("signal")
    .argument("<run>", "id of a run, as `runs` shows it")
    .argument("<topic>", "what it waits for")
    .argument("[json]", "what to tell it (default: null)")
    .action(async (run: string, topic: string, text: string | undefined, _: unknown, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const payload = jsonArgument("<json>", text) ?? null;
      const open = await context.open(global, "no");
      try {
        const { waits } = await signalRun(open.platform, { run, topic, payload });
        terminal.say(
          waits
            ? `Run ${run} has '${topic}' and goes on.`
            : `Kept: run ${run} does not wait for '${topic}' now; it finds it when it does.`,
        );
        terminal.result({ run, topic, waits });
      } finally {
        await open.close();
      }
    });
};
