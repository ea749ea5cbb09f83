import type { Platform } from "../pipelines/platform.ts";
import type { CliContext, GlobalOptions } from "./command.ts";
import { pageWidth } from "./render-text.ts";
import type { Terminal } from "./terminal.ts";

/** What a command that only looks works with. */
export interface Looking {
  readonly platform: Platform;
  readonly terminal: Terminal;
  readonly now: number;
  readonly width: number;
}

/** Opens the platform without executing runs, hands it to `body`, prints its lines and its result, and closes. */
export async function lookAt(
  context: CliContext,
  options: GlobalOptions,
  body: (
    looking: Looking,
  ) => Promise<{ readonly lines: readonly string[]; readonly result: unknown }>,
): Promise<void> {
  const terminal = context.terminal(options);
  const open = await context.open(options, "no");
  try {
    const { platform } = open;
    const now = platform.clock.now();
    const { lines, result } = await body({ platform, terminal, now, width: pageWidth() });
    for (const line of lines) terminal.say(line);
    terminal.result(result);
  } finally {
    await open.close();
  }
}
