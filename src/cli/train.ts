import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import { durationMs, inWords } from "../lib/duration.ts";
import type { Budget } from "../pipelines/project.ts";
import type { TrainInput, TrainOutcome } from "../pipelines/train.ts";
import type { FamilyOutcome, TrainFamilyInput } from "../pipelines/train-family.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { followRun } from "./follow-run.ts";
import { trainedModelNamed } from "./model-argument.ts";
import { counted } from "./render-text.ts";

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
    .option(
      "--members [names...]",
      "of a family: only its members, all or those named, under the champion there is",
    )
    .option("--detach", "start the run and return its id at once")
    .action(async (model: string | undefined, options, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const budget = budgetOf(options);
      const open = await context.open(global, options.detach ? "no" : "if-needed");
      try {
        const { platform } = open;
        const name = await trainedModelNamed(platform, model);
        const { reason, members } = options;
        const { engine } = platform;
        const runId = members
          ? await engine.submit("train-family", {
              ...{ model: name, reason },
              ...(members === true ? {} : { members }),
            } satisfies TrainFamilyInput)
          : await engine.submit("train", {
              ...{ model: name, reason, skipShadow: options.shadow === false },
              ...(budget === undefined ? {} : { budget }),
              ...(options.again ? { again: true } : {}),
            } satisfies TrainInput);
        if (options.detach) {
          terminal.say(`Run ${runId} is queued. Follow it with: millwright show ${runId}`);
          terminal.result({ run: runId });
          return;
        }
        const done: unknown = await followRun(platform, terminal, runId);
        if (members) {
          terminal.result({ run: runId, ...(done as FamilyOutcome) });
          for (const line of familyLines(name, done as FamilyOutcome)) terminal.say(line);
          return;
        }
        const outcome = done as TrainOutcome;
        terminal.result({ run: runId, ...outcome });
        terminal.say(`${pc.bold(name)} version ${outcome.number}  ${pc.dim(outcome.winner)}`);
        const colour = outcome.deployment === "kept" ? pc.yellow : pc.green;
        terminal.say(`${colour(outcome.deployment)}: ${outcome.decision}`);
        if (outcome.family)
          for (const line of familyLines(name, outcome.family)) terminal.say(line);
        if (outcome.reused) terminal.say(pc.dim("Train all the same with: --again"));
        terminal.say(pc.dim(`See the race: millwright leaderboard ${name}`));
      } finally {
        await open.close();
      }
    });
};

function familyLines(model: string, family: FamilyOutcome): string[] {
  const { members, standing, seconds, stayed } = family;
  return [
    `family: ${counted(members, "member")} in ${inWords(1000 * seconds)}, ${standing} stand alone; the others use their parents`,
    ...(stayed > 0
      ? [
          `${counted(stayed, "member")} kept the model there was, which did better on rows that are later than what it was learned from`,
        ]
      : []),
    pc.dim(`See them: millwright family ${model}`),
  ];
}

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
