import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import type { Platform } from "../pipelines/platform.ts";
import type { ReproduceInput, ReproduceOutcome } from "../pipelines/reproduce.ts";
import type { ReproduceMemberInput } from "../pipelines/reproduce-member.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { followRun } from "./follow-run.ts";
import { modelAndVersion, modelNamed } from "./model-argument.ts";
import { decimal, labelled, pageWidth, table } from "./render-text.ts";
import { versionNamed } from "./version-view.ts";

export const reproduce: CommandOf = (program, context) => {
  program
    .command("reproduce")
    .argument(
      "<model@version>",
      "its number, `champion`, `challenger` or a digest's beginning; or a member of a family, alone or with a number",
    )
    .action(async (argument: string, _: unknown, command) => {
      const options: GlobalOptions = command.optsWithGlobals();
      const terminal = context.terminal(options);
      const open = await context.open(options, "if-needed");
      try {
        const { platform } = open;
        const run = await submit(platform, argument);
        const outcome = (await followRun(platform, terminal, run)) as unknown as ReproduceOutcome;
        for (const line of linesOf(outcome, pageWidth())) terminal.say(line);
        terminal.result({ run, ...outcome });
        if (outcome.outcome === "differs") process.exitCode = 1;
      } finally {
        await open.close();
      }
    });
};

/** A version of a model, or of a member of a family. */
async function submit(platform: Platform, argument: string): Promise<string> {
  const [named, name] = modelAndVersion(argument);
  const found = await platform.families.memberNamed(named);
  if (found === undefined) {
    const model = await modelNamed(platform, named);
    const version = await versionNamed(platform, model, name ?? "champion");
    const input: ReproduceInput = { model, version: version.id };
    return platform.engine.submit("reproduce", input);
  }
  const number = name === undefined || name === "champion" ? undefined : Number(name);
  if (number !== undefined && !(Number.isInteger(number) && number > 0))
    throw new MillwrightError(
      "invalid_input",
      `${argument}: the version of a member is a number such as ${named}@2, or left out for the one in service.`,
    );
  const input: ReproduceMemberInput = {
    ...{ model: found.family, member: named },
    ...(number === undefined ? {} : { number }),
  };
  return platform.engine.submit("reproduce-member", input);
}

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
