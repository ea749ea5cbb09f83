import type { Tag } from "../../experiments/experiment.ts";
import type { Metric, Param } from "../tracked-run.ts";

/** A metric as it is logged: it may say which logged model it was measured of, and on which dataset. */
export interface LoggedPoint extends Metric {
  readonly model?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

/** What one call adds to one run, all or nothing. */
export interface RunEntry {
  readonly run: string;
  readonly metrics: readonly LoggedPoint[];
  /** No key twice. */
  readonly params: readonly Param[];
  /** Of a key twice the last counts. */
  readonly tags: readonly Tag[];
}

/** What became of an entry. Anything but "kept" has left no trace. */
export type Verdict =
  | { readonly outcome: "kept" | "no such run" | "deleted" }
  | { readonly outcome: "no such model"; readonly model: string }
  | {
      readonly outcome: "param changed";
      readonly key: string;
      readonly kept: string;
      readonly given: string;
    };

/** So many rows and no more go into one statement, unless one entry alone is larger. */
const MAX_ROWS = 5000;

/**
 * Who may share a statement: entries that together are not too large, and in which no two give a param of a run different values;
 * the second of those must see the first committed.
 */
export function sharedStatement(): { admits(entry: RunEntry): boolean } {
  const params = new Map<string, string>();
  let rows = 0;
  let isFull = false;
  return {
    admits(entry) {
      const size = 1 + entry.metrics.length + entry.params.length + entry.tags.length;
      // Whoever comes after one that did not fit waits, too: nobody is overtaken for ever.
      isFull ||= rows > 0 && rows + size > MAX_ROWS;
      if (isFull) return false;
      const keyed = entry.params.map(({ key, value }) => [`${entry.run}\n${key}`, value] as const);
      if (keyed.some(([key, value]) => (params.get(key) ?? value) !== value)) return false;
      for (const [key, value] of keyed) params.set(key, value);
      rows += size;
      return true;
    },
  };
}

/** FNV-1a: the entries of one run go one after the other. */
export function laneOf({ run }: RunEntry): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < run.length; i++) hash = Math.imul(hash ^ run.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
