import pc from "picocolors";
import type { ReproduceInput, ReproduceOutcome } from "../pipelines/reproduce.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { followRun } from "./follow-run.ts";
import { modelAndVersion, modelNamed } from "./model-argument.ts";
import { decimal, labelled, pageWidth, table } from "./render-text.ts";
import { versionNamed } from "./version-view.ts";

export const reproduce: CommandOf = (program, context) => {
  program
    .command("reproduce")
    .argument("<model@version>", "its number, `champion`, `challenger` or a digest's beginning")
    .action(async (argument: string, _: unknown, command) => {
      const options: GlobalOptions = command.optsWithGlobals();
      const terminal = context.terminal(options);
      const open = await context.open(options, "if-needed");
      try {
        const { platform } = open;
        const [named, name = "champion"] = modelAndVersion(argument);
        const model = await modelNamed(platform, named);
        const version = await versionNamed(platform, model, name);
        const input: ReproduceInput = { model, version: version.id };
        const run = await platform.engine.submit("reproduce", input);
        const outcome = (await followRun(platform, terminal, run)) as unknown as ReproduceOutcome;
        for (const line of linesOf(outcome, pageWidth())) terminal.say(line);
        terminal.result({ run, ...outcome });
        if (outcome.outcome === "differs") process.exitCode = 1;
      } finally {
        await open.close();
      }
    });
};

function linesOf(outcome: ReproduceOutcome, width: number): string[] {
  const { model, number, metrics, changed, summary } = outcome;
  const colour = outcome.outcome === "differs" ? pc.red : pc.green;
  const rows = metrics.map(({ name, recorded, again, same }) => [
    name,
    decimal(recorded),
    again === null ? "–" : decimal(again),
    same ? "" : pc.red("differs"),
  ]);
  return [
    `${pc.bold(`${model} version ${number}`)}: ${colour(outcome.outcome)}`,
    ...labelled("judgement", summary, width),
    ...changed.flatMap((what) => labelled("changed", what, width)),
    ...(outcome.outcome === "same bytes"
      ? []
      : table(["metric", "recorded", "again", ""], rows, width)),
  ];
}
