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
    const line = { at: new Date().toISOString(), level, part, message, ...fields };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  });

/** For commands: a line on stderr. */
export const lineLog = (least: Level): Log =>
  levelled(least, (level, message) => {
    process.stderr.write(`${pc.dim(level)} ${message}\n`);
  });
