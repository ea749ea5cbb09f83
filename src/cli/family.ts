import { Option } from "commander";
import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import { memberView } from "../families/family-view.ts";
import { findFamily } from "../families/find-family.ts";
import type { MemberQuery } from "../families/members.ts";
import type { WatchFamilyInput, WatchFamilyOutcome } from "../pipelines/watch-family.ts";
import { parseTime } from "../table/time.ts";
import type { CliContext, CommandOf, GlobalOptions } from "./command.ts";
import { followRun } from "./follow-run.ts";
import { lookAt } from "./look-at.ts";
import { modelNamed } from "./model-argument.ts";
import { renderFamily, renderMember, renderMembers } from "./render-family.ts";
import { counted } from "./render-text.ts";

interface FamilyOptions extends GlobalOptions {
  readonly level?: string;
  readonly standing?: true;
  readonly failing?: true;
  readonly search?: string;
  readonly order: NonNullable<MemberQuery["order"]>;
  readonly limit: string;
  readonly check?: true;
  readonly from?: string;
  readonly to?: string;
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
    .option("--check", "look now at what became known: which members have become worse?")
    .option(
      "--from <time>",
      "with --check: rows from then on, such as 2026-05-01 (default: a week ago)",
    )
    .option("--to <time>", "with --check: rows before then (default: now)")
    .action(async (named: string | undefined, name: string | undefined, _, command) => {
      const options: FamilyOptions = command.optsWithGlobals();
      if (options.check) return checkMembers(context, options, named);
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
        const view = await findFamily(platform.families, model);
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

const WEEK_MS = 7 * 86_400_000;

/** What is done by the clock, now. A running control trains those again that have become worse. */
async function checkMembers(
  context: CliContext,
  options: FamilyOptions,
  named: string | undefined,
): Promise<void> {
  const terminal = context.terminal(options);
  const open = await context.open(options, "if-needed");
  try {
    const { platform } = open;
    const model = await modelNamed(platform, named);
    const end = timeOf("--to", options.to) ?? platform.clock.now();
    const start = timeOf("--from", options.from) ?? end - WEEK_MS;
    const input: WatchFamilyInput = { model, start, end };
    const run = await platform.engine.submit("watch-family", input);
    const found = (await followRun(platform, terminal, run)) as unknown as WatchFamilyOutcome;
    terminal.result({ run, ...found });
    const { rows, looked, failing } = found;
    terminal.say(
      `${counted(rows, "labelled row")}, enough of ${counted(looked, "member")} to look at: ${failing.length} ${failing.length === 1 ? "has" : "have"} become worse`,
    );
    if (failing.length === 0) return;
    terminal.say(pc.dim(`See them: millwright family ${model} --failing`));
    terminal.say(
      pc.dim(
        `They are trained again by a running \`millwright up\`, or by: millwright train ${model} --members ${failing.slice(0, 3).join(" ")}${failing.length > 3 ? " …" : ""}`,
      ),
    );
  } finally {
    await open.close();
  }
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = parseTime(text);
  if (!Number.isNaN(seconds)) return seconds * 1000;
  throw new MillwrightError(
    "invalid_input",
    `${option} ${text}: a time is needed, such as 2026-05-01 or 2026-05-01T12:00:00Z.`,
  );
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new MillwrightError(
    "invalid_input",
    `${option} ${text}: a whole number from ${least} to ${most} is needed.`,
  );
}
