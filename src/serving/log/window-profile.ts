import type { Digest } from "../../lib/digest.ts";
import { decodeUtf8 } from "../../table/utf8.ts";
import type { PredictionRecord, Variant } from "../prediction.ts";
import type { SegmentProfiles } from "./keep-segment.ts";
import { type LogQuery, matcherOf } from "./query.ts";
import { readRange } from "./read-range.ts";
import { readUnshipped } from "./read-unshipped.ts";
import type { ReadLogDeps } from "./scan-log.ts";
import type { KeptProfile } from "./store.ts";
import { headName, mergeTraffic, profileTraffic, type TrafficProfile } from "./traffic-profile.ts";

/** As in `LogQuery`. */
export type ProfileQuery = Pick<LogQuery, "model" | "from" | "to" | "version" | "variant">;

/**
 * What a window of the log holds, as a sum of the profiles kept beside its segments. Rows are read of segments that begin or end
 * within the window's edges only, of those shipped without profiles, and of journals.
 */
export async function windowProfile(
  deps: ReadLogDeps,
  query: ProfileQuery,
): Promise<TrafficProfile> {
  const { model, from, to } = query;
  const matches = matcherOf(query);
  const wantedHead = headMatcher(query);
  const fresh = await readUnshipped(deps, { model, wanted: matches });
  let sum = profileTraffic(fresh.predictions);

  const kept = await deps.store.profiles(model, from, to);
  const whole = kept.filter((p) => wantedHead(p) && p.firstEvent >= from && p.lastEvent < to);
  for (const [blob, own] of byBlob(whole)) {
    const bytes = await deps.blobs.get(blob);
    const { profiles } = JSON.parse(decodeUtf8(bytes, 0, bytes.length)) as SegmentProfiles;
    for (const { position } of own) sum = mergeTraffic(sum, profiles[position]!);
  }

  const summed = new Set(whole.map((head) => `${head.segment}\n${headName(head)}`));
  const profiled = new Set(kept.map(({ segment }) => segment));
  const cut = new Set(
    kept.filter((p) => wantedHead(p) && !whole.includes(p)).map((p) => p.segment),
  );
  for (const range of await deps.store.ranges(model, from, to)) {
    const { segment } = range;
    if (profiled.has(segment) && !cut.has(segment)) continue;
    const wanted: typeof matches = (head) =>
      matches(head) && !summed.has(`${segment}\n${headName(head)}`);
    for await (const records of readRange(deps, { range, wanted, selective: true }))
      for (const part of partsOf(records)) sum = mergeTraffic(sum, profileTraffic(part));
  }
  return sum;
}

function headMatcher(
  query: ProfileQuery,
): (head: { version: Digest; variant: Variant }) => boolean {
  const variants = new Set([query.variant ?? "champion"].flat());
  return ({ version, variant }) =>
    variants.has(variant) && (query.version === undefined || version === query.version);
}

function byBlob(profiles: readonly KeptProfile[]): Map<Digest, KeptProfile[]> {
  const blobs = new Map<Digest, KeptProfile[]>();
  for (const profile of profiles)
    blobs.set(profile.profile, [...(blobs.get(profile.profile) ?? []), profile]);
  return blobs;
}

function* partsOf(records: readonly PredictionRecord[]): Generator<readonly PredictionRecord[]> {
  for (let at = 0; at < records.length; at += 5000) yield records.slice(at, at + 5000);
}
