import { type Config, readConfig } from "../config.ts";
import type { CliContext, CommandOf, GlobalOptions } from "./command.ts";
import { examineHost } from "./examine-host.ts";
import { examinePorts } from "./examine-network.ts";
import { examineProject } from "./examine-project.ts";
import { examineState } from "./examine-state.ts";
import { examineStorage } from "./examine-storage.ts";
import type { Finding } from "./finding.ts";
import { renderDoctor } from "./render-doctor.ts";
import { pageWidth } from "./render-text.ts";

export const doctor: CommandOf = (program, context) => {
  program.command("doctor").action(async (_: unknown, command) => {
    const options: GlobalOptions = command.optsWithGlobals();
    const terminal = context.terminal(options);
    const { config, problems } = settings(context, options);
    terminal.progress("looking");
    const findings = [
      ...problems,
      ...(await examineHost()),
      ...(await examineStorage(config)),
      ...(await examineState(config)),
      ...(await examinePorts(config)),
      ...(await examineProject(config)),
    ];
    terminal.done();
    for (const line of renderDoctor(findings, pageWidth())) terminal.say(line);
    const failed = findings.some(({ state }) => state === "fail");
    terminal.result({ ok: !failed, findings });
    if (failed) process.exitCode = 1;
  });
};

/** A wrong variable is a finding like any other: the rest is looked at with the defaults. */
function settings(
  context: CliContext,
  options: GlobalOptions,
): { readonly config: Config; readonly problems: readonly Finding[] } {
  try {
    return { config: context.config(options), problems: [] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const fix = "Correct or unset it; the checks below use the defaults.";
    return {
      config: readConfig({}, options.project ?? process.cwd()),
      problems: [{ name: "settings", state: "fail", message, fix }],
    };
  }
}
