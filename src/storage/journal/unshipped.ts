import { stat } from "node:fs/promises";
import { listSegments } from "./segments.ts";

/** Closed segments that nobody has taken away yet. */
export interface Unshipped {
  readonly bytes: number;
  /** When the oldest of them was begun, milliseconds since 1970. */
  readonly since: number | undefined;
}

export async function unshipped(root: string, nowMs: number): Promise<Unshipped> {
  let bytes = 0;
  let since: number | undefined;
  for (const { path, closed } of await listSegments(root, nowMs)) {
    if (!closed) continue;
    // Taken away between listing and looking: shipped.
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    bytes += found.size;
    // Some file systems know no time of birth and say 0.
    const begun = found.birthtimeMs > 0 ? found.birthtimeMs : found.mtimeMs;
    since = Math.min(since ?? begun, begun);
  }
  return { bytes, since };
}
