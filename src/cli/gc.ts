import { join } from "node:path";
import { MillwrightError } from "../errors.ts";
import { durationMs } from "../lib/duration.ts";
import { trackingArtifacts } from "../mlflow-api/artifact-api.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { renderCollected } from "./render-collected.ts";

interface GcOptions extends GlobalOptions {
  readonly olderThan: string;
  readonly dryRun?: boolean;
}

export const gc: CommandOf = (program, context) => {
  program
    .command("gc")
    .option("--older-than <time>", "what was deleted longer ago goes", "30d")
    .option("--dry-run", "only say what would go")
    .action(async (_: unknown, command) => {
      const options: GcOptions = command.optsWithGlobals();
      const olderThanMs = durationMs(options.olderThan);
      if (olderThanMs === undefined)
        throw new MillwrightError(
          "invalid_input",
          `--older-than ${options.olderThan}: write such as 30d, 12h or 0d (all that is deleted).`,
        );
      const terminal = context.terminal(options);
      const config = context.config(options);
      const open = await context.open(options, "no");
      try {
        const { clock, blobs } = open.platform;
        const { artifactRoot, artifactsDestination } = config;
        const { collectGarbage } = trackingArtifacts(
          { sql: open.app.sql, blobs, clock },
          { artifactRoot, artifactsDestination, scratch: join(config.dataDir, "scratch") },
        );
        const dryRun = options.dryRun === true;
        const collected = await collectGarbage({ now: clock.now(), olderThanMs, dryRun });
        for (const line of renderCollected(collected, dryRun)) terminal.say(line);
        terminal.result({ dryRun, ...collected });
      } finally {
        await open.close();
      }
    });
};
