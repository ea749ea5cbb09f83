import { Option } from "commander";
import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import { memberView } from "../families/family-view.ts";
import type { MemberQuery } from "../families/members.ts";
import { familyOf } from "../families/routes.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { lookAt } from "./look-at.ts";
import { modelNamed } from "./model-argument.ts";
import { renderFamily, renderMember, renderMembers } from "./render-family.ts";

interface FamilyOptions extends GlobalOptions {
  readonly level?: string;
  readonly standing?: true;
  readonly failing?: true;
  readonly search?: string;
  readonly order: NonNullable<MemberQuery["order"]>;
  readonly limit: string;
}

const ORDERS = ["gain", "name", "rows", "loss"] as const;

export const family: CommandOf = (program, context) => {
  program
    .command("family")
    .argument("[model]", "a model with members of its own")
    .argument("[member]", "one of them, by its model name")
    .option("--level <n>", "only this level; 0 is the finest")
    .option("--standing", "only members with a model of their own")
    .option("--failing", "only members that have become worse")
    .option("--search <text>", "only members whose name or values hold this")
    .addOption(
      new Option("--order <by>", "gain: what it saves over its parent on all its rows")
        .choices(ORDERS)
        .default("gain"),
    )
    .option("--limit <n>", "at most so many members", "20")
    .action(async (named: string | undefined, name: string | undefined, _, command) => {
      const options: FamilyOptions = command.optsWithGlobals();
      const limit = wholeNumber("--limit", options.limit, 1, 100_000);
      const level =
        options.level === undefined ? undefined : wholeNumber("--level", options.level, 0, 10);
      await lookAt(context, options, async ({ platform, width, now }) => {
        const model = await modelNamed(platform, named);
        if (name !== undefined) {
          const member = await platform.families.member(model, name);
          if (member === undefined)
            throw new MillwrightError(
              "not_found",
              `The family ${model} has no member ${name}; those with too few rows are not listed. Look for it: millwright family ${model} --search <value>`,
            );
          return {
            lines: renderMember(memberView(member), width, now),
            result: memberView(member),
          };
        }
        const view = await familyOf(platform.families, model);
        const members = await platform.families.members(model, {
          ...{ limit, level, order: options.order, search: options.search },
          ...{ stands: options.standing, failing: options.failing },
        });
        const shown = members.map(memberView);
        return {
          lines: [
            ...renderFamily(view, width, now),
            "",
            ...renderMembers(shown, width),
            "",
            pc.dim(`  millwright family ${model} <member> tells what it tried, and why`),
          ],
          result: { ...view, members: shown },
        };
      });
    });
};

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new MillwrightError(
    "invalid_input",
    `${option} ${text}: a whole number from ${least} to ${most} is needed.`,
  );
}
