import pc from "picocolors";
import { oneLine } from "./render-text.ts";

const LEVEL: Readonly<Record<string, (text: string) => string>> = {
  debug: pc.dim,
  info: (text) => text,
  warn: pc.yellow,
  error: pc.red,
};

/**
 * A line of a part's log for people: our own JSON lines as "12:03:07 warn message field=value", others (PostgreSQL's, a stack
 * trace) as they are.
 */
export function renderLogLine(line: string): string {
  const entry = parsed(line);
  if (!entry) return oneLine(line);
  const { at, level, part: _, message, ...fields } = entry;
  const colour = LEVEL[String(level)] ?? String;
  const time = typeof at === "string" ? at.slice(11, 19) : "";
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const word = level === "info" ? "" : `${colour(String(level))} `;
  return `${pc.dim(time)} ${word}${oneLine(String(message))}${rest.length > 0 ? `  ${pc.dim(oneLine(rest.join(" ")))}` : ""}`;
}

/** The fields of a JSON line that has a message; undefined for any other line. */
export function parsed(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (value === null || typeof value !== "object" || !("message" in value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
