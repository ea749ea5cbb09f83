import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import type { Verdict } from "../evaluation/verdict.ts";
import { NOT_JUDGED } from "../pipelines/import-model.ts";
import { promote as promoteVersion } from "../pipelines/promote.ts";
import { rollback as rollbackVersion } from "../pipelines/rollback.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { modelNamed } from "./model-argument.ts";

export const promote: CommandOf = (program, context) => {
  program
    .command("promote")
    .summary("make a version the champion")
    .argument("<model>")
    .argument("<version>", "its number, `challenger`, or the beginning of its digest")
    .option("--reason <text>", "why, for the record", "promoted by a person")
    .option("--force", "even if its gates did not pass")
    .action(async (model: string, version: string, options, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const open = await context.open(global, "no");
      try {
        const { platform } = open;
        const name = await modelNamed(platform, model);
        const found = await platform.registry.find(name, version);
        if (!found)
          throw new MillwrightError(
            "not_found",
            `Model "${name}" has no version "${version}". See: millwright show ${name}`,
          );
        const verdict = found.report && (await platform.evaluationOf(found)).verdict;
        if (verdict && !verdict.pass && !options.force)
          throw new MillwrightError(
            "gate_failed",
            `Version ${found.number} did not pass its gates. ${verdict.reasons.join(" ")} Promote it all the same with --force.`,
          );
        const { previous } = await promoteVersion(platform, {
          model: name,
          version: found.id,
          reason: stated(options.reason, verdict),
          verdict: verdict as never,
          runId: undefined,
          guard: true,
          at: platform.clock.now(),
        });
        terminal.result({
          model: name,
          champion: found.id,
          number: found.number,
          previous: previous ?? null,
        });
        terminal.say(`${pc.bold(name)}: version ${found.number} is champion`);
        if (previous) terminal.say(pc.dim(`Undo with: millwright rollback ${name}`));
      } finally {
        await open.close();
      }
    });
};

function stated(reason: string, verdict: Verdict | undefined): string {
  if (verdict === undefined) return `${reason} (${NOT_JUDGED})`;
  return verdict.pass ? reason : `${reason} (forced: ${verdict.summary})`;
}

export const rollback: CommandOf = (program, context) => {
  program
    .command("rollback")
    .summary("go back to the champion before this one")
    .argument("[model]")
    .option("--reason <text>", "why, for the record", "rolled back by a person")
    .action(async (model: string | undefined, options, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const open = await context.open(global, "no");
      try {
        const { platform } = open;
        const name = await modelNamed(platform, model);
        const moved = await rollbackVersion(platform, {
          model: name,
          reason: options.reason,
          verdict: undefined,
          runId: undefined,
          at: platform.clock.now(),
        });
        const [from, to] = await Promise.all([
          platform.registry.get(moved.from),
          platform.registry.get(moved.to),
        ]);
        terminal.result({ model: name, from: moved.from, to: moved.to });
        terminal.say(
          `${pc.bold(name)}: back from version ${from?.number} to version ${to?.number}`,
        );
      } finally {
        await open.close();
      }
    });
};
