import { join } from "node:path";
import { JOURNAL_SCHEMA } from "../engine/journal.ts";
import { MillwrightError } from "../errors.ts";
import { durationMs } from "../lib/duration.ts";
import { trackingArtifacts } from "../mlflow-api/artifact-api.ts";
import { collectOrphans } from "../storage/orphans/collect-orphans.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { renderCollected } from "./render-collected.ts";

interface GcOptions extends GlobalOptions {
  readonly olderThan: string;
  readonly grace: string;
  readonly dryRun?: boolean;
}

/** Ours and the journal's: results of steps name blobs before anything else does. */
const SCHEMAS = ["millwright", JOURNAL_SCHEMA];

function timeOf(option: string, text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new MillwrightError(
    "invalid_input",
    `${option} ${text}: write such as 30d, 12h or 0d (no matter how long ago).`,
  );
}

export const gc: CommandOf = (program, context) => {
  program
    .command("gc")
    .option("--older-than <time>", "what was deleted longer ago goes", "30d")
    .option("--grace <time>", "stored content that nothing names stays this long", "1d")
    .option("--dry-run", "only say what would go")
    .action(async (_: unknown, command) => {
      const options: GcOptions = command.optsWithGlobals();
      const olderThanMs = timeOf("--older-than", options.olderThan);
      const graceMs = timeOf("--grace", options.grace);
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
        const orphans = await collectOrphans(
          { sql: open.app.sql, blobs },
          { schemas: SCHEMAS, before: clock.now() - graceMs, dryRun },
        );
        for (const line of renderCollected(collected, orphans, dryRun)) terminal.say(line);
        terminal.result({ dryRun, ...collected, orphans });
      } finally {
        await open.close();
      }
    });
};
