import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import type { RecordHead } from "../segment.ts";
import { keyDigest } from "./erasure.ts";
import { readRange } from "./read-range.ts";
import { type RewriteDeps, rewriteSegments } from "./rewrite-segments.ts";

export interface Erased {
  /** Stands for the key where it was said that it is erased. */
  readonly keyDigest: Digest;
  readonly predictions: number;
  readonly segments: number;
}

/** Somebody else may rewrite the same segments at the same time. */
const TRIES = 5;

/**
 * Deletes all predictions about one entity, with their feedback, and sees to it that those still in a journal are dropped when they
 * are shipped. Files that held them are deleted by `tidyLog`. Repeating it is harmless.
 */
export async function eraseKey(
  deps: RewriteDeps,
  input: { readonly model: string; readonly key: string; readonly at: number },
): Promise<Erased> {
  const { model, key } = input;
  const digest = keyDigest(model, key);
  const about = (head: RecordHead): boolean => head.model === model && head.key === key;
  await deps.store.addErasure(model, digest, input.at);
  const ids = new Set<string>();
  let rewritten = 0;
  for (let tries = 0; ; tries++) {
    let again = false;
    for (const segment of await deps.store.segments()) {
      let found = 0;
      for (const range of segment.ranges)
        if (range.model === model)
          for await (const records of readRange(deps, { range, wanted: about, selective: true }))
            for (const { id } of records) {
              ids.add(id);
              found += 1;
            }
      if (found === 0) continue;
      const kept = await rewriteSegments(deps, { segments: [segment], keep: (h) => !about(h) });
      if (kept === undefined) again = true;
      else rewritten += 1;
    }
    if (!again) break;
    if (tries === TRIES)
      throw new MillwrightError(
        "conflict",
        "The prediction log is being rewritten by somebody else; some rows of this key are still there. Call again.",
      );
  }
  await deps.store.removeFeedback(model, [...ids]);
  return { keyDigest: digest, predictions: ids.size, segments: rewritten };
}
