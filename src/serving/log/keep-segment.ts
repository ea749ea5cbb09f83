import { utf8ToBytes } from "@noble/hashes/utils.js";
import { digestOf } from "../../lib/digest.ts";
import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Columns } from "../../storage/columns/columns.ts";
import type { PredictionRecord } from "../prediction.ts";
import {
  LOG_COLUMNS,
  type ModelRange,
  type ProfiledHead,
  type ShippedSegment,
  segmentTable,
  spanOf,
} from "../segment.ts";
import type { LogStore } from "./store.ts";
import { headName, mergeTraffic, profileByHead, type TrafficProfile } from "./traffic-profile.ts";

export interface KeepSegmentDeps {
  readonly columns: Columns;
  readonly blobs: Blobs;
  readonly store: Pick<LogStore, "addGarbage">;
  /** Names an attempt to write a segment: never twice the same. */
  newAttempt(): string;
  /** Lets other work of this process have a turn. */
  breathe(): Promise<void>;
}

/** The blob beside a segment. */
export interface SegmentProfiles {
  readonly writtenBy: string;
  /** In the order of the segment's `heads`. */
  readonly profiles: readonly TrafficProfile[];
}

export interface KeepSegmentInput {
  readonly id: string;
  /** Each of one model, all of a model one after the other. */
  readonly batches:
    | Iterable<readonly PredictionRecord[]>
    | AsyncIterable<readonly PredictionRecord[]>;
}

/**
 * Writes predictions as one Parquet file with their traffic profiles beside it, both blobs, in the memory of a batch. They are
 * garbage until the segment is in the database; should that never happen, they are deleted. Throws `storage_full`, and leaves nothing
 * unfinished.
 */
export async function keepSegment(
  { columns, blobs, store, newAttempt, breathe }: KeepSegmentDeps,
  { id, batches }: KeepSegmentInput,
): Promise<ShippedSegment> {
  const ranges: ModelRange[] = [];
  const profiles = new Map<string, ProfiledHead & { readonly profile: TrafficProfile }>();
  const writtenBy = newAttempt();
  const writer = await columns.writer(LOG_COLUMNS);
  let rows = 0;
  try {
    for await (const batch of batches) {
      if (batch.length === 0) continue;
      await writer.append(segmentTable(batch, writtenBy));
      const { model } = batch[0]!;
      const own = { model, from: rows, to: rows + batch.length, ...spanOf(batch) };
      rows = own.to;
      const last = ranges.at(-1);
      if (last?.model === model) ranges[ranges.length - 1] = joined(last, own);
      else ranges.push(own);
      for (const { profile, ...head } of profileByHead(batch)) {
        const known = profiles.get(headName(head));
        const all = known === undefined ? profile : mergeTraffic(known.profile, profile);
        const { firstEvent, lastEvent } = all;
        profiles.set(headName(head), {
          ...{ ...head, rows: all.rows, firstEvent, lastEvent, profile: all },
        });
      }
      await breathe();
    }
  } catch (error) {
    await writer.abort();
    throw error;
  }
  if (rows === 0) {
    await writer.abort();
    return { id, data: undefined, profile: undefined, rows, ranges, heads: [] };
  }
  const file = await writer.finish();
  try {
    const kept = [...profiles.values()];
    const text: SegmentProfiles = { writtenBy, profiles: kept.map(({ profile }) => profile) };
    const bytes = utf8ToBytes(JSON.stringify(text));
    const garbage = [await file.digest(), digestOf(bytes)];
    // Before they are there: whoever dies in between leaves nothing unknown. And after: they may have been swept meanwhile.
    await store.addGarbage(garbage);
    const data = await blobs.putFile(file.path);
    const profile = await blobs.put(bytes);
    await store.addGarbage(garbage);
    const heads = kept.map(({ profile: _, ...head }) => head);
    return { id, data, profile, rows, ranges, heads };
  } finally {
    await file.discard();
  }
}

const joined = (a: ModelRange, b: ModelRange): ModelRange => ({
  ...{ model: a.model, from: a.from, to: b.to },
  firstEvent: Math.min(a.firstEvent, b.firstEvent),
  lastEvent: Math.max(a.lastEvent, b.lastEvent),
  firstAt: Math.min(a.firstAt, b.firstAt),
  lastAt: Math.max(a.lastAt, b.lastAt),
});
