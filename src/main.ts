#!/usr/bin/env node
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import pc from "picocolors";
import { RequestError } from "../sdk/src/client.ts";
import { openApp, VERSION } from "./app.ts";
import { COMMANDS } from "./cli/all.ts";
import type { CliContext, GlobalOptions } from "./cli/command.ts";
import { explain } from "./cli/help.ts";
import { terminal } from "./cli/terminal.ts";
import { type Config, readConfig } from "./config.ts";
import { MillwrightError } from "./errors.ts";
import type { Log } from "./lib/log.ts";
import { jsonLog, lineLog } from "./log.ts";

const context: CliContext = {
  entry: fileURLToPath(import.meta.url),
  config: (options: GlobalOptions): Config =>
    readConfig(process.env, options.project ?? process.cwd()),
  terminal: (options) => terminal({ json: options.json === true, quiet: options.quiet === true }),
  async open(options, work, log) {
    const config = context.config(options);
    if (!existsSync(join(config.project, "millwright.config.ts")))
      throw new MillwrightError(
        "not_found",
        `${config.project} is no Millwright project: it has no millwright.config.ts. Make one with: millwright init <data file> --target <column>, or name another folder with --project.`,
      );
    const app = await openApp({ config, log: log ?? logOf(config), work });
    return { platform: app.platform, app, close: app.close };
  },
  log: (options, part) =>
    part ? jsonLog(context.config(options).logLevel, part) : logOf(context.config(options)),
};

function logOf(config: Config): Log {
  return lineLog(config.logLevel === "info" ? "warn" : config.logLevel);
}

async function main(): Promise<number> {
  const program = new Command("millwright")
    .description(
      "Keeps machine-learning models working: checked, trained, proven, served, watched, retrained.",
    )
    .option("--project <dir>", "the project's folder (default: the working folder)")
    .option("--json", "print the result as JSON on stdout")
    .option("--quiet", "no progress and no notes")
    .showHelpAfterError("(see: millwright <command> --help)")
    .exitOverride();
  for (const command of COMMANDS) command(program, context);
  // After a command `--version` is that command's own: the program would take it first.
  if (!program.commands.some((command) => process.argv.includes(command.name())))
    program.version(VERSION);
  for (const command of program.commands) command.exitOverride();
  explain(program);
  try {
    await program.parseAsync(process.argv);
    return process.exitCode === undefined ? 0 : Number(process.exitCode);
  } catch (error) {
    const json = process.argv.includes("--json");
    if (!(error instanceof CommanderError)) return report(error, json);
    if (error.exitCode === 0) return 0;
    // Commander has told it on stderr already.
    return json ? report(new MillwrightError("invalid_input", error.message), json) : 2;
  }
}

/** What a person needs: the message; the code for programs; the stack only when it is our own fault. */
function report(error: unknown, json: boolean): number {
  const known =
    error instanceof MillwrightError || error instanceof RequestError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ error: { code: known?.code ?? "internal", message, details: known instanceof MillwrightError ? known.details : {} } }, null, 2)}\n`,
    );
  else
    process.stderr.write(
      `${pc.red("error")} ${pc.dim(`[${known?.code ?? "internal"}]`)} ${message}\n`,
    );
  if (!known || process.env.MILLWRIGHT_LOG === "debug")
    process.stderr.write(`${error instanceof Error ? error.stack : ""}\n`);
  return known?.code === "invalid_input" ? 2 : 1;
}

// `millwright … | head` ends the pipe early: that is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
const code = await main();
// Native libraries may hold the event loop open; everything that matters is closed by now.
process.exit(code);
