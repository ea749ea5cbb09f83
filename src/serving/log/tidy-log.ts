import { firstIdAt } from "./id-time.ts";
import { matchFeedback } from "./match-feedback.ts";
import { type RewriteDeps, rewriteSegments } from "./rewrite-segments.ts";
import { expiredModels, planJoins } from "./tidy-plan.ts";

export interface TidyInput {
  readonly now: number;
  /** By model: what arrived before (milliseconds since 1970) goes. Models that are not named keep everything. */
  readonly keepSince: ReadonlyMap<string, number>;
}

export interface Tidied {
  /** Segments without a row that may stay, or rewritten without those that may not. */
  readonly expired: number;
  /** Segments that became part of a larger one. */
  readonly joined: number;
  /** Feedback whose time is over. */
  readonly feedback: number;
  /** Files deleted. */
  readonly files: number;
  /** Feedback that belongs to no prediction that is kept. */
  readonly unmatched: number;
}

/** Who began to read a file before it was replaced has so long to finish. */
const GRACE_MS = 15 * 60_000;

/**
 * Looks after the log: deletes what may not be kept any longer, joins small segments, looks for the predictions of feedback, and
 * deletes files that nothing refers to. Everything first leaves the database and then the disk; repeating it is harmless.
 */
export async function tidyLog(deps: RewriteDeps, { now, keepSince }: TidyInput): Promise<Tidied> {
  const { store } = deps;
  let [expired, joined, feedback] = [0, 0, 0];
  for (const segment of await store.segments()) {
    const gone = expiredModels(segment, keepSince);
    if (gone.size === 0) continue;
    const all = segment.ranges.every(({ model }) => gone.has(model));
    if (all) await store.replaceSegments([segment.id], undefined);
    else
      await rewriteSegments(deps, { segments: [segment], keep: ({ model }) => !gone.has(model) });
    expired += 1;
    await deps.breathe();
  }
  for (const [model, before] of keepSince)
    feedback += await store.expire(model, before, firstIdAt(before));
  for (const segments of planJoins(await store.segments(), now))
    if ((await rewriteSegments(deps, { segments, keep: () => true })) !== undefined)
      joined += segments.length;
  const unmatched = await matchFeedback(deps, { now });
  const files = await store.sweepGarbage(now - GRACE_MS, (digest) => deps.blobs.delete(digest));
  return { expired, joined, feedback, files, unmatched };
}
