import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import { durationMs } from "../lib/duration.ts";
import type { Json } from "../lib/json.ts";
import type { Budget } from "../pipelines/project.ts";
import type { TrainOutcome } from "../pipelines/train.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { followRun } from "./follow-run.ts";
import { trainedModelNamed } from "./model-argument.ts";

export const train: CommandOf = (program, context) => {
  program
    .command("train")
    .summary("train candidates, judge the best one, deploy it if it passes")
    .argument("[model]", "which model of the project (may be left out when there is one)")
    .option(
      "--budget <duration>",
      'time for the race, such as "20s" or "10m" (default: the project\'s, else 60s)',
    )
    .option("--trials <n>", "try so many configurations, however long it takes; in place of a time")
    .option("--reason <text>", "why, for the record", "asked for by a person")
    .option("--no-shadow", "promote on held-out evidence alone, without a shadow on live traffic")
    .option("--again", "also when the same code, data and settings have been trained before")
    .option("--detach", "start the run and return its id at once")
    .action(async (model: string | undefined, options, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const budget = budgetOf(options);
      const open = await context.open(global, options.detach ? "no" : "if-needed");
      try {
        const { platform } = open;
        const name = await trainedModelNamed(platform, model);
        const runId = await platform.engine.submit("train", {
          model: name,
          reason: options.reason,
          ...(budget === undefined ? {} : { budget }),
          skipShadow: options.shadow === false,
          ...(options.again ? { again: true } : {}),
        } as unknown as Json);
        if (options.detach) {
          terminal.say(`Run ${runId} is queued. Follow it with: millwright show ${runId}`);
          terminal.result({ run: runId });
          return;
        }
        const outcome = (await followRun(platform, terminal, runId)) as unknown as TrainOutcome;
        terminal.result({ run: runId, ...outcome });
        terminal.say(`${pc.bold(name)} version ${outcome.number}  ${pc.dim(outcome.winner)}`);
        const colour = outcome.deployment === "kept" ? pc.yellow : pc.green;
        terminal.say(`${colour(outcome.deployment)}: ${outcome.decision}`);
        if (outcome.reused) terminal.say(pc.dim("Train all the same with: --again"));
        terminal.say(pc.dim(`See the race: millwright leaderboard ${name}`));
      } finally {
        await open.close();
      }
    });
};

function budgetOf(options: { budget?: string; trials?: string }): Budget | undefined {
  const { budget, trials } = options;
  if (budget !== undefined && trials !== undefined)
    throw new MillwrightError("invalid_input", "Give --budget or --trials, not both.");
  if (budget !== undefined && durationMs(budget) === undefined)
    throw new MillwrightError(
      "invalid_input",
      `"${budget}" is no duration for --budget; write such as 20s, 10m or 1h.`,
    );
  if (trials === undefined) return budget;
  if (/^[1-9]\d{0,3}$/.test(trials)) return { trials: Number(trials) };
  throw new MillwrightError(
    "invalid_input",
    `"${trials}" is no number of trials; write a whole number from 1 to 9999.`,
  );
}
