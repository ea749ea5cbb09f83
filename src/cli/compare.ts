import { MillwrightError } from "../errors.ts";
import type { Platform } from "../pipelines/platform.ts";
import { compareRuns } from "../tracking/runs/compare-runs.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { lookAt } from "./look-at.ts";
import { renderComparison } from "./render-comparison.ts";
import { versionNamed } from "./version-view.ts";

export const compare: CommandOf = (program, context) => {
  program
    .command("compare")
    .argument("<runs...>", "two or more: ids of runs, or model@version for the run that made it")
    .option("--all", "also what is the same in all of them")
    .action(async (named: string[], _: unknown, command) => {
      const options = command.optsWithGlobals() as GlobalOptions & { readonly all?: boolean };
      await lookAt(context, options, async ({ platform, width }) => {
        const runs = await Promise.all(named.map((name) => runNamed(platform, name)));
        const found = await compareRuns(platform.tracking, { runs, all: options.all ?? false });
        return { lines: renderComparison(found, width), result: found };
      });
    });
};

/** Of a version that a client registered: the client's run. */
async function runNamed(platform: Platform, name: string): Promise<string> {
  const at = name.lastIndexOf("@");
  if (at <= 0) return name;
  const version = await versionNamed(platform, name.slice(0, at), name.slice(at + 1));
  const run = version.origin?.run ?? version.runId;
  if (run !== undefined) return run;
  throw new MillwrightError(
    "not_found",
    `Version ${version.number} of ${version.model} was imported from a file: no run made it.`,
  );
}
