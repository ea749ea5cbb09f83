import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { parsed, renderLogLine } from "./log-lines.ts";
import { suggestion } from "./near-names.ts";
import { followLines, lastLines } from "./tail-file.ts";
import type { Terminal } from "./terminal.ts";

interface LogsOptions extends GlobalOptions {
  readonly lines: string;
  readonly follow?: boolean;
}

interface LogFile {
  readonly part: string;
  readonly path: string;
}

export const logs: CommandOf = (program, context) => {
  program
    .command("logs")
    .argument("[part]", "control, worker, gateway or postgres (default: all)")
    .option("-n, --lines <n>", "how many lines of each", "100")
    .option("-f, --follow", "go on with new lines as they come; stop with Ctrl-C")
    .action(async (part: string | undefined, _: unknown, command) => {
      const options: LogsOptions = command.optsWithGlobals();
      const count = Number(options.lines);
      if (!Number.isInteger(count) || count < 0)
        throw new MillwrightError(
          "invalid_input",
          `--lines ${options.lines}: a whole number is needed.`,
        );
      const files = chosen(logFiles(context.config(options).dataDir), part);
      await print(files, count, options, context.terminal(options));
    });
};

/** The logs that there are: of each part of `up`, and of the embedded database. */
function logFiles(dataDir: string): LogFile[] {
  const folder = join(dataDir, "logs");
  const parts = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".log"))
        .sort()
        .map((name) => ({ part: basename(name, ".log"), path: join(folder, name) }))
    : [];
  const database = join(dataDir, "postgres", "postgres.log");
  return existsSync(database) ? [...parts, { part: "postgres", path: database }] : parts;
}

function chosen(files: readonly LogFile[], part: string | undefined): readonly LogFile[] {
  if (files.length === 0)
    throw new MillwrightError(
      "not_found",
      "There are no logs yet: nothing has been started here. Start it with: millwright up",
    );
  if (part === undefined) return files;
  const found = files.filter((file) => file.part === part);
  if (found.length > 0) return found;
  const parts = files.map((file) => file.part);
  throw new MillwrightError(
    "not_found",
    `There is no log of "${part}". ${suggestion(part, parts, "logs")}`,
  );
}

async function print(
  files: readonly LogFile[],
  count: number,
  { follow, json }: LogsOptions,
  terminal: Terminal,
): Promise<void> {
  const labels = Math.max(...files.map(({ part }) => part.length));
  const label = (part: string) => (files.length > 1 ? `${pc.cyan(part.padEnd(labels))} ` : "");
  const say = (part: string, lines: readonly string[]) => {
    // With --follow there is no end at which one result could be printed: one object a line.
    for (const line of lines)
      if (json) process.stdout.write(`${JSON.stringify(entryOf(part, line))}\n`);
      else terminal.say(label(part) + renderLogLine(line));
  };
  const tails = await Promise.all(files.map(({ path }) => lastLines(path, count)));
  if (json && !follow)
    return terminal.result({
      lines: files.flatMap(({ part }, i) => tails[i]!.lines.map((line) => entryOf(part, line))),
    });
  for (const [i, { part }] of files.entries()) say(part, tails[i]!.lines);
  if (!follow) return;
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  await Promise.all(
    files.map(({ part, path }, i) =>
      followLines(path, tails[i]!.end, (lines) => say(part, lines), stop.signal),
    ),
  );
}

const entryOf = (part: string, line: string): Record<string, unknown> => ({
  part,
  ...(parsed(line) ?? { message: line }),
});
