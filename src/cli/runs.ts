import { Option } from "commander";
import pc from "picocolors";
import type { RunState } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { lookAt } from "./look-at.ts";
import { renderRuns } from "./render-run.ts";

const STATES: readonly RunState[] = [
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled",
];

interface RunsOptions extends GlobalOptions {
  readonly pipeline?: string;
  readonly state?: RunState;
  readonly parent?: string;
  readonly limit: string;
}

export const runs: CommandOf = (program, context) => {
  program
    .command("runs")
    .option("--pipeline <name>", "only runs of this pipeline, such as train")
    .addOption(new Option("--state <state>", "only runs in this state").choices(STATES))
    .option("--parent <run>", "those that this run started (fan-out)")
    .option("--limit <n>", "at most this many, newest first", "20")
    .action(async (_: unknown, command: { optsWithGlobals(): RunsOptions }) => {
      const options = command.optsWithGlobals();
      const { pipeline, state, parent } = options;
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
        throw new MillwrightError(
          "invalid_input",
          `--limit ${options.limit}: a whole number from 1 to 10000 is needed.`,
        );
      await lookAt(context, options, async ({ platform, now, width }) => {
        const found = await platform.engine.list({
          ...(pipeline === undefined ? {} : { pipeline }),
          ...(state === undefined ? {} : { state }),
          ...(parent === undefined ? {} : { parent }),
          limit,
        });
        const filtered = [pipeline, state, parent].some((wish) => wish !== undefined);
        const none = filtered
          ? "  No run matches. All of them: millwright runs"
          : "  Nothing has run yet. Begin with: millwright train";
        const hint = pc.dim("  millwright show <run> tells the steps");
        return {
          lines: found.length === 0 ? ["", none] : ["", ...renderRuns(found, now, width), "", hint],
          result: { runs: found },
        };
      });
    });
};
