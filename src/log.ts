import pc from "picocolors";
import type { Log } from "./lib/log.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];
type Write = (level: Level, message: string, fields: Readonly<Record<string, unknown>>) => void;

function levelled(least: Level, write: Write): Log {
  const at =
    (level: Level) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(least)) write(level, message, fields);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** For services: one JSON object a line on stdout. */
export const jsonLog = (least: Level, part: string): Log =>
  levelled(least, (level, message, fields) => {
    const own = { at: new Date().toISOString(), level, part, message };
    process.stdout.write(`${jsonLine({ ...own, ...fields, ...own })}\n`);
  });

/** For commands: a line on stderr. */
export const lineLog = (least: Level): Log =>
  levelled(least, (level, message, { why }) => {
    process.stderr.write(`${pc.dim(level)} ${message}${why === undefined ? "" : `: ${why}`}\n`);
  });

/** A log must not throw: what has no JSON form is written as text, and left out when even that fails. */
function jsonLine(line: Readonly<Record<string, unknown>>): string {
  const shown = (_: string, value: unknown) =>
    typeof value === "bigint" || value instanceof Error ? String(value) : value;
  try {
    return JSON.stringify(line, shown);
  } catch {
    const { at, level, part, message } = line;
    return JSON.stringify({ at, level, part, message });
  }
}
