import { crashPoint } from "../../lib/crash-point.ts";
import type { PredictionRecord } from "../prediction.ts";
import type { RecordHead } from "../segment.ts";
import { type KeepSegmentDeps, keepSegment } from "./keep-segment.ts";
import { readRange } from "./read-range.ts";
import type { KeptSegment, LogStore } from "./store.ts";

export interface RewriteDeps extends KeepSegmentDeps {
  readonly store: LogStore;
}

export interface RewriteInput {
  readonly segments: readonly KeptSegment[];
  /** Which rows go over into the new segment. */
  keep(head: RecordHead): boolean;
}

/**
 * Puts one segment with the rows that are to be kept in the place of several: in one transaction, after the new file is on disk.
 * Who reads meanwhile goes on with the old files, which are deleted later. Killed at any moment, and done again, it comes to the
 * same. @returns rows kept, or undefined when somebody else has rewritten one of them.
 */
export async function rewriteSegments(
  deps: RewriteDeps,
  { segments, keep }: RewriteInput,
): Promise<number | undefined> {
  const models = [...new Set(segments.flatMap(({ ranges }) => ranges.map((r) => r.model)))].sort();
  async function* batches(): AsyncGenerator<readonly PredictionRecord[]> {
    for (const model of models)
      for (const { ranges } of segments)
        for (const range of ranges)
          if (range.model === model)
            for await (const records of readRange(deps, { range, wanted: keep, selective: false }))
              yield* partsOf(records);
  }
  const made = await keepSegment(deps, { id: `cmp_${deps.newAttempt()}`, batches: batches() });
  crashPoint("rewrite:kept");
  const replaced = await deps.store.replaceSegments(
    segments.map(({ id }) => id),
    made.rows === 0 ? undefined : made,
  );
  crashPoint("rewrite:replaced");
  return replaced ? made.rows : undefined;
}

function* partsOf(records: readonly PredictionRecord[]): Generator<readonly PredictionRecord[]> {
  for (let at = 0; at < records.length; at += 5000) yield records.slice(at, at + 5000);
}
