import type { Log } from "../lib/log.ts";

/** Keeps what was logged, for tests that want to look; prints nothing. */
export function quietLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string) => void lines.push(message);
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}
